#include "event/sample.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/random.hpp"
#include "base/time_text.hpp"

namespace twinshift::event {
namespace {

using base::WallTime;

enum class Kind : std::uint8_t { install, organic_install, in_app, organic_in_app, retargeting, ad_revenue };

struct Place {
  std::string_view country, region, state, city, zone, offset, currency, carrier, language;
  std::int32_t offset_minutes;
};
constexpr auto kPlaces = std::to_array<Place>({
    {"US", "NA", "CA", "San José", "America/Los_Angeles", "-0800", "USD", "T-Mobile", "English", -480},
    {"DE", "EU", "BE", "Berlin", "Europe/Berlin", "+0100", "EUR", "Telekom.de", "Deutsch", 60},
    {"IN", "AS", "MH", "Pune", "Asia/Kolkata", "+0530", "INR", "Jio 4G", "English", 330},
    {"BR", "SA", "SP", "São Paulo", "America/Sao_Paulo", "-0300", "BRL", "Claro BR", "português (Brasil)", -180},
    {"JP", "AS", "13", "東京", "Asia/Tokyo", "+0900", "JPY", "NTT DOCOMO", "日本語", 540},
    {"GB", "EU", "ENG", "London", "UTC", "+0000", "GBP", "O2 - UK", "en-GB", 0},
});
constexpr auto kSources = std::to_array<std::string_view>(
    {"Facebook Ads", "googleadwords_int", "bytedanceglobal_int", "Apple Search Ads", "applovin_int", "restricted"});
constexpr auto kChannels =
    std::to_array<std::string_view>({"Instagram", "ACI_Search", "TikTok", "Facebook", "ACI_Youtube", "Search"});
constexpr auto kPhones = std::to_array<std::string_view>(
    {"google::Pixel 8", "samsung::SM-S918B", "Xiaomi::2201117TY", "OPPO::CPH2387", "vivo::V2250", "samsung::SM-A546E"});
constexpr auto kEventNames =
    std::to_array<std::string_view>({"af_purchase", "af_login", "af_level_achieved", "af_add_to_cart",
                                     "af_content_view", "af_complete_registration", "Première séance terminée"});

// Writes one flat JSON object. Values must need no escapes; escaped() takes ready-made JSON string content.
class ObjectText {
 public:
  explicit ObjectText(std::size_t bytes) {
    out_.reserve(bytes);
    out_ += '{';
  }

  void text(std::string_view name, std::string_view value, std::string_view more = {}, std::string_view rest = {}) {
    key(name);
    out_ += '"';
    out_ += value;
    out_ += more;
    out_ += rest;
    out_ += '"';
  }
  void bare(std::string_view name, std::string_view value) {
    key(name);
    out_ += value;
  }
  void flag(std::string_view name, bool value) { bare(name, value ? "true" : "false"); }
  std::string finish() {
    out_ += '}';
    return std::move(out_);
  }

 private:
  void key(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }
  std::string out_;
};

class Sample {
 public:
  Sample(std::uint64_t seed, std::uint64_t index, WallTime around)
      : random_(seed * 0xA0761D6478BD642FULL + index * 0xD1342543DE82EF95ULL), out_(3200), around_(around) {
    // The first number differs for each index of a seed: the generator's step is one-to-one.
    unique_ = random_.next();
    kind_ = pick_kind();
    android_ = random_.chance(0.65);
    place_ = &kPlaces[random_.below(kPlaces.size())];
    event_time_ = around_ - std::chrono::milliseconds(random_.below(90'000));
    install_time_ = is_install() ? event_time_ : event_time_ - std::chrono::milliseconds(random_.below(30 * kDayMs));
    campaign_.append("Summer_").append(place_->country).append(android_ ? "_Android_ROAS_" : "_iOS_ROAS_");
    campaign_ += number(random_.below(900));
    currency_ = place_->currency;
  }

  std::string make() {
    identity();
    app();
    device();
    location();
    attribution();
    install();
    event();
    money();
    links();
    privacy();
    return out_.finish();
  }

 private:
  static constexpr std::uint64_t kDayMs = 86'400'000;

  Kind pick_kind() {
    const std::uint64_t dice = random_.below(100);
    if (dice < 18) return Kind::install;
    if (dice < 28) return Kind::organic_install;
    if (dice < 62) return Kind::in_app;
    if (dice < 78) return Kind::organic_in_app;
    return dice < 88 ? Kind::retargeting : Kind::ad_revenue;
  }
  bool is_install() const { return kind_ == Kind::install || kind_ == Kind::organic_install; }
  bool is_organic() const { return kind_ == Kind::organic_install || kind_ == Kind::organic_in_app; }

  std::string_view number(std::uint64_t value) {
    const auto end = std::to_chars(number_.data(), number_.data() + number_.size(), value).ptr;
    return {number_.data(), static_cast<std::size_t>(end - number_.data())};
  }
  // "12.5", "0.0015": no zeros at the end, as AppsFlyer's numbers come.
  std::string money_text(std::uint64_t units, int places) {
    std::string text(number(units));
    const auto digits = static_cast<std::size_t>(places);
    if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
    text.insert(text.size() - digits, 1, '.');
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
  }
  std::string hex(int digits) {
    std::string text;
    std::uint64_t bits = 0;
    for (int i = 0; i < digits; ++i, bits >>= 4) {
      if (i % 16 == 0) bits = random_.next();
      text += "0123456789abcdef"[bits & 15];
    }
    return text;
  }
  std::string uuid() {
    std::string text = hex(32);
    for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
    return text;
  }
  template <std::size_t N>
  std::string_view pick(const std::array<std::string_view, N>& from) {
    return from[random_.below(N)];
  }
  // "2024-01-01 12:00:00.123"
  static std::string time_text(WallTime time) {
    std::string text = base::iso8601_ms(time);
    text[10] = ' ';
    text.pop_back();
    return text;
  }
  void times(std::string_view name, std::string_view zoned_name, WallTime time) {
    out_.text(name, time_text(time));
    out_.text(zoned_name, time_text(time + std::chrono::minutes(place_->offset_minutes)), place_->offset);
  }

  void identity() {
    const std::string millis(number(static_cast<std::uint64_t>(base::epoch_ms(install_time_))));
    out_.text("appsflyer_id", millis, "-", number(unique_));
    out_.text("customer_user_id", "user-", hex(12));
    if (android_) {
      out_.text("advertising_id", uuid());
      if (random_.chance(0.3)) out_.text("android_id", hex(16));
      if (random_.chance(0.1)) out_.text("oaid", hex(64));
    } else {
      out_.text("idfv", uuid());
      if (random_.chance(0.4)) out_.text("idfa", uuid());
      out_.text("att", random_.chance(0.5) ? "authorized" : "denied");
    }
  }

  void app() {
    out_.text("app_id", android_ ? "com.example.shop" : "id1234567890");
    out_.text("app_name", "Example Shop - Deals & Gifts");
    const std::string minor(number(random_.below(40)));
    out_.text("app_version", "5.", minor, ".1");
    out_.text("bundle_id", "com.example.shop");
    out_.text("platform", android_ ? "android" : "ios");
    out_.text("sdk_version", android_ ? "v6.12.2" : "v6.14.3");
    out_.text("api_version", "2.0");
  }

  void device() {
    const std::string_view phone = android_ ? pick(kPhones) : "iPhone15,2";
    out_.text("device_type", phone);
    out_.text("device_model", phone);
    out_.text("device_category", random_.chance(0.9) ? "phone" : "tablet");
    out_.text("os_version", android_ ? "14" : "17.5.1");
    out_.text("language", place_->language);
    out_.text("user_agent", android_ ? "Dalvik/2.1.0 (Linux; U; Android 14; SM-S918B Build/UP1A.231005.007)"
                                     : "ExampleShop/5.12.0 CFNetwork/1494.0.7 Darwin/23.4.0");
  }

  void location() {
    out_.text("country_code", place_->country);
    out_.text("region", place_->region);
    out_.text("state", place_->state);
    out_.text("city", place_->city);
    out_.text("postal_code", number(10'000 + random_.below(89'999)));
    out_.text("dma", random_.chance(0.3) ? "501" : "None");
    out_.text("ip", "203.0.113.", number(1 + random_.below(254)));
    out_.text("carrier", place_->carrier);
    out_.text("operator", place_->carrier);
    out_.flag("wifi", random_.chance(0.7));
    out_.text("selected_timezone", place_->zone);
    out_.text("selected_currency", "USD");
  }

  void attribution() {
    out_.text("media_source", is_organic() ? "organic" : pick(kSources));
    out_.text("campaign_type", is_organic() ? "organic" : kind_ == Kind::retargeting ? "retargeting" : "ua");
    out_.text("conversion_type", kind_ == Kind::retargeting ? "re-engagement" : "install");
    out_.flag("is_primary_attribution", kind_ != Kind::retargeting || random_.chance(0.5));
    out_.flag("is_retargeting", kind_ == Kind::retargeting);
    out_.text("retargeting_conversion_type", kind_ == Kind::retargeting ? "re-engagement" : "none");
    if (kind_ == Kind::retargeting) out_.text("af_reengagement_window", "30d");
    if (is_organic()) return;
    out_.text("af_attribution_lookback", "7d");
    ads();
    const WallTime touch = install_time_ - std::chrono::milliseconds(60'000 + random_.below(kDayMs));
    out_.text("attributed_touch_type", random_.chance(0.8) ? "click" : "impression");
    times("attributed_touch_time", "attributed_touch_time_selected_timezone", touch);
    out_.text("match_type", random_.chance(0.6) ? "id_matching" : "probabilistic");
    if (random_.chance(0.12)) contributor(touch);
  }

  void ads() {
    out_.text("campaign", campaign_);
    out_.text("af_channel", pick(kChannels));
    out_.text("af_ad", "video_", number(random_.below(9999)), "_15s_v2");
    out_.text("af_ad_type", "ClickToDownload");
    out_.text("af_adset", campaign_, "_lookalike_1pct");
    for (const std::string_view name : {"af_ad_id", "af_adset_id", "af_c_id"}) {
      out_.text(name, number(23'840'000'000'000'000 + random_.below(9'999'999'999'999)));
    }
    out_.text("af_siteid", "site_", number(random_.below(99'999)));
    out_.text("af_sub1", hex(16));
    out_.text("af_prt", "agency_one");
    if (random_.chance(0.3)) out_.text("network_account_id", number(1'000'000'000 + random_.below(999'999'999)));
  }

  void contributor(WallTime touch) {
    out_.text("contributor_1_media_source", pick(kSources));
    out_.text("contributor_1_campaign", campaign_, "_assist");
    out_.text("contributor_1_touch_type", "click");
    out_.text("contributor_1_touch_time", time_text(touch - std::chrono::hours(5)));
    out_.text("contributor_1_match_type", "id_matching");
  }

  void install() {
    times("install_time", "install_time_selected_timezone", install_time_);
    if (is_install()) {
      times("device_download_time", "device_download_time_selected_timezone",
            install_time_ - std::chrono::milliseconds(20'000 + random_.below(60'000)));
    }
    if (android_) out_.text("install_app_store", "com.android.vending");
    out_.text("store_reinstall", random_.chance(0.05) ? "true" : "false");
  }

  void event() {
    times("event_time", "event_time_selected_timezone", event_time_);
    out_.text("event_source", random_.chance(0.9) ? "SDK" : "S2S");
    if (is_install()) {
      out_.text("event_name", "install");
      out_.text("event_type", kind_ == Kind::install ? "install" : "organic-install");
      return;
    }
    out_.text("event_name", kind_ == Kind::ad_revenue ? "af_ad_revenue" : pick(kEventNames));
    out_.text("event_type", is_organic()                 ? "organic-install-in-app-event"
                            : kind_ == Kind::retargeting ? "re-engagement-in-app-event"
                                                         : "install-in-app-event");
  }

  void money() {
    out_.text("event_revenue_currency", kind_ == Kind::ad_revenue ? "USD" : currency_);
    if (!is_organic()) cost();
    if (kind_ == Kind::ad_revenue) return ad_revenue();
    if (is_install()) return;
    const std::uint64_t cents = 99 + random_.below(9000);
    const bool paid = random_.chance(0.4);
    std::string value = R"({\"af_content_id\":\"sku-)" + hex(8) + R"(\",\"af_quantity\":)";
    value += number(1 + random_.below(4));
    value += R"(,\"af_currency\":\")";
    value += currency_;
    if (paid) value += R"(\",\"af_revenue\":\")" + money_text(cents, 2);
    value += R"(\",\"af_order_id\":\"o-)" + hex(12) + R"(\",\"note\":\"it's \\\"ok\\\" \\\\ fine\"})";
    out_.text("event_value", random_.chance(0.1) ? "{}" : value);
    if (!paid) return;
    out_.text("event_revenue", money_text(cents, 2));
    out_.bare("event_revenue_usd", money_text(cents * 1087 / 10, 4));
    out_.bare("revenue_in_selected_currency", money_text(cents * 1087 / 10, 4));
    if (random_.chance(0.5)) out_.flag("is_receipt_validated", random_.chance(0.9));
  }

  void cost() {
    out_.text("af_cost_model", "CPI");
    if (random_.chance(0.5)) {
      out_.text("af_cost_value", money_text(random_.below(40'000), 4));
    } else {
      out_.bare("af_cost_value", money_text(random_.below(40'000), 4));
    }
    out_.text("af_cost_currency", "USD");
  }

  void ad_revenue() {
    const std::string revenue = money_text(15 + random_.below(90'000), 7);
    out_.text("mediation_network", "applovin_max");
    out_.text("monetization_network", "unity_ads");
    out_.text("ad_unit", "Rewarded_Main_", place_->country);
    out_.text("placement", "level_end");
    out_.text("event_value", R"({\"af_revenue\":)", revenue, R"(,\"af_ad_format\":\"rewarded\"})");
    out_.text("event_revenue", revenue);
    out_.bare("event_revenue_usd", revenue);
    out_.bare("revenue_in_selected_currency", revenue);
    out_.bare("impressions", "1");
  }

  void links() {
    if (is_organic()) return;
    const std::string click = uuid();
    std::string url = "https://app.example.com/onelink/" + click + "?pid=src_int&c=" + campaign_;
    url += "&af_siteid=1234&af_sub1=" + hex(24) + "&clickid=" + click;
    out_.text("original_url", url);
    if (random_.chance(0.2)) out_.text("http_referrer", "https://www.example.com/deals?from=", campaign_);
    if (!android_) return;
    out_.text("gp_referrer", "utm_source=google&utm_medium=cpc&gclid=", hex(40));
    out_.text("gp_click_time", time_text(install_time_ - std::chrono::seconds(95)));
    out_.text("gp_install_begin", time_text(install_time_ - std::chrono::seconds(61)));
  }

  void privacy() {
    out_.flag("is_lat", random_.chance(0.1));
    out_.flag("gdpr_applies", place_->region == "EU");
    if (place_->region == "EU") {
      out_.flag("ad_personalization_enabled", true);
      out_.flag("ad_user_data_enabled", true);
    }
    out_.text("custom_data", R"({\"experiment\":\"checkout_b\",\"cohort\":\")", hex(10), R"(\",\"lang\":\"en\"})");
  }

  base::Random random_;
  ObjectText out_;
  WallTime around_, event_time_, install_time_;
  std::uint64_t unique_ = 0;
  Kind kind_{};
  bool android_ = false;
  const Place* place_ = nullptr;
  std::string campaign_;
  std::string_view currency_;
  std::array<char, 24> number_{};
};

}  // namespace

std::string sample_event(std::uint64_t seed, std::uint64_t index, base::WallTime around) {
  return Sample(seed, index, around).make();
}

}  // namespace twinshift::event
