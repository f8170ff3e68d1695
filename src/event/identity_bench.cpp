// What one event costs on its way in: scan, identity and the whole decoding, over an ordinary event of about 2.5 KB.
#include <benchmark/benchmark.h>

#include "event/canonical.hpp"
#include "event/event.hpp"
#include "event/identity.hpp"
#include "event/json_scan.hpp"

namespace twinshift::event {
namespace {

// clang-format off
constexpr std::string_view kOrdinary =
    R"_({"appsflyer_id":"1722255071569-5424989700084552000","event_name":"af_purchase",)_"
    R"_("event_time":"2025-07-24 07:16:37.154","event_time_selected_timezone":"2025-07-24 07:16:37.154+0000",)_"
    R"_("customer_user_id":"user-85c41f7800ef","idfa":null,)_"
    R"_("advertising_id":"9b2af90b-0402-9a2c-473d-5024cfd3d9c6","android_id":"de06b8443537d38b",)_"
    R"_("app_id":"com.example.shop","app_name":"Example Shop - Deals & Gifts","app_version":"5.16.2",)_"
    R"_("bundle_id":"com.example.shop","platform":"android","sdk_version":"v6.12.2","api_version":"2.0",)_"
    R"_("device_type":"Pixel 8","device_model":"iPhone15,2","device_category":"phone","os_version":"16.7",)_"
    R"_("language":"Deutsch","user_agent":"Dalvik/2.1.0 (Linux; U; Android 14; SM-S918B Build/UP1A.231005.007)",)_"
    R"_("country_code":"BR","region":"EU","state":"BE","city":"San José","postal_code":"43892",)_"
    R"_("ip":"203.0.113.16","carrier":"T-Mobile","operator":"O2","wifi":true,"media_source":"tiktokglobal_int",)_"
    R"_("campaign":"Summer_BR_iOS_ROAS_691","campaign_type":"ua","af_channel":"TikTok","af_keywords":null,)_"
    R"_("af_ad":"video_314_15s_v2","af_ad_id":"4139993954217061","af_ad_type":"ClickToDownload",)_"
    R"_("af_adset":"Summer_BR_iOS_ROAS_691_lookalike_1pct","af_adset_id":"5561254909727722",)_"
    R"_("af_c_id":"7953226292738691","af_siteid":"site_34661","af_sub1":"2c0f8d468fce7054","af_sub2":null,)_"
    R"_("attributed_touch_type":"impression","attributed_touch_time":"2025-06-24 05:22:15.785",)_"
    R"_("match_type":"id_matching","engagement_type":null,"af_prt":"agency_one","af_attribution_lookback":"7d",)_"
    R"_("af_reengagement_window":"30d","is_primary_attribution":true,"is_retargeting":"false",)_"
    R"_("install_time":"2025-08-16 15:16:37.593","install_app_store":"com.android.vending",)_"
    R"_("store_reinstall":false,"event_type":"in_app","event_source":"SDK",)_"
    R"_("event_value":"{\"af_content_id\":\"sku-de48ff68\",\"af_quantity\":1)_"
    R"_(,\"af_revenue\":null,\"af_currency\":\"USD\",\"note\":\"it's \\\"ok\\\" \\\\ fine\"}",)_"
    R"_("event_revenue":null,"event_revenue_currency":"USD","af_cost_model":"CPI","af_cost_value":"3.6815",)_"
    R"_("af_cost_currency":"USD",)_"
    R"_("gp_referrer":"utm_source=google&utm_medium=cpc&gclid=33cafc6645c9aa927d98aba70dfe94665fd0e3f1",)_"
    R"_("gp_click_time":"2025-06-24 05:22:15.785","gp_install_begin":"2025-08-16 15:16:37.593",)_"
    R"_("http_referrer":null,)_"
    R"_("original_url":"https://app.example.com/onelink/f40e745f-99df-32d4-0363-a2dbb6fe7cc9?pid=src_int)_"
    R"_(&c=Summer_BR_iOS_ROAS_691&clickid=f40e745f-99df-32d4-0363-a2dbb6fe7cc9",)_"
    R"_("custom_data":"{\"experiment\":\"checkout_b\",\"cohort\":\"85f1c43f2b\",\"lang\":\"en\"}",)_"
    R"_("is_lat":false,"gdpr_applies":false,"ad_personalization_enabled":true,"ad_user_data_enabled":true,)_"
    R"_("selected_timezone":"UTC"})_";
// clang-format on

void set_bytes(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kOrdinary.size()));
}

void scan(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(scan_object(kOrdinary));
  set_bytes(state);
}
BENCHMARK(scan);

void scan_to_tape(benchmark::State& state) {
  Tape tape;
  for (auto _ : state) benchmark::DoNotOptimize(scan_object(kOrdinary, tape));
  set_bytes(state);
}
BENCHMARK(scan_to_tape);

void canonical_encoding(benchmark::State& state) {
  Tape tape;
  if (scan_object(kOrdinary, tape)) return state.SkipWithError("the event does not scan");
  Canonicalizer canonicalizer;
  for (auto _ : state) benchmark::DoNotOptimize(canonicalizer.encode(kOrdinary, tape));
  set_bytes(state);
}
BENCHMARK(canonical_encoding);

void hash(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(hash_id(kOrdinary));
  set_bytes(state);
}
BENCHMARK(hash);

void decode(benchmark::State& state) {
  const std::string id = "0190163d-8694-739b-aea5-966c26f8ad91";
  for (auto _ : state) benchmark::DoNotOptimize(decode_event(std::string(kOrdinary), id, base::WallTime{}));
  set_bytes(state);
}
BENCHMARK(decode);

void decode_minted(benchmark::State& state) {
  const std::string id = "0190163d-8694-739b-aea5-966c26f8ad91";
  for (auto _ : state) {
    benchmark::DoNotOptimize(decode_event(std::string(kOrdinary), id, base::WallTime{}, IdentityMode::message));
  }
  set_bytes(state);
}
BENCHMARK(decode_minted);

}  // namespace
}  // namespace twinshift::event
