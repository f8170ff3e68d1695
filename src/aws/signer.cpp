#include "aws/signer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "aws/digest.hpp"
#include "aws/uri.hpp"
#include "base/ids.hpp"
#include "base/sha256.hpp"

namespace twinshift::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Blanks at both ends go, runs of them become one.
std::string squeezed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

// Lower-case names in order; values of one name joined.
std::vector<std::pair<std::string, std::string>> canonical_headers(const curl::Request& request) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const curl::Header& header : request.headers) headers.emplace_back(lower(header.name), squeezed(header.value));
  std::ranges::stable_sort(headers, {}, &std::pair<std::string, std::string>::first);
  std::vector<std::pair<std::string, std::string>> joined;
  for (auto& [name, value] : headers) {
    if (!joined.empty() && joined.back().first == name) {
      joined.back().second += ',' + value;
    } else {
      joined.emplace_back(std::move(name), std::move(value));
    }
  }
  return joined;
}

std::string signed_names(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

// "." and ".." and empty segments go; S3 keeps them, since they may be part of a key.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  std::size_t begin = 0;
  while (begin < path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    begin = end + 1;
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : kept) out += '/' + std::string(segment);
  const bool folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  return out.empty() || folder ? out + '/' : out;
}

// The path stands in the URL encoded once; every service but S3 wants it encoded again.
std::string canonical_path(std::string_view path, std::string_view service) {
  return service == "s3" ? std::string(path) : percent_encode(without_dots(path), true);
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view field = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (field.empty()) continue;
    const std::size_t equal = std::min(field.find('='), field.size());
    const std::string_view value = equal == field.size() ? std::string_view() : field.substr(equal + 1);
    fields.emplace_back(percent_encode(percent_decode(field.substr(0, equal))), percent_encode(percent_decode(value)));
  }
  std::ranges::sort(fields);
  std::string out;
  for (const auto& [name, value] : fields)
    fmt::format_to(std::back_inserter(out), "{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

// "20240101T120000Z"
std::string basic_time(base::WallTime now) {
  const auto days = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - days));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::string signing_key(const Credentials& credentials, std::string_view date, const SigningScope& scope) {
  const std::string dated = hmac_sha256("AWS4" + credentials.secret_access_key, date);
  return hmac_sha256(hmac_sha256(hmac_sha256(dated, scope.region), scope.service), "aws4_request");
}

}  // namespace

std::string canonical_request(const curl::Request& request, const SigningScope& scope, std::string_view payload_hash) {
  const UrlParts url = split_url(request.url);
  const auto headers = canonical_headers(request);
  std::string text = request.method + '\n' + canonical_path(url.path, scope.service) + '\n';
  text += canonical_query(url.query) + '\n';
  for (const auto& [name, value] : headers) fmt::format_to(std::back_inserter(text), "{}:{}\n", name, value);
  return text + '\n' + signed_names(headers) + '\n' + std::string(payload_hash);
}

void sign(curl::Request& request, const Credentials& credentials, const SigningScope& scope, base::WallTime now) {
  const std::string time = basic_time(now);
  const std::string date = time.substr(0, time.find('T'));
  const std::string payload_hash = base::to_hex(base::sha256(request.body));
  request.headers.push_back({"Host", std::string(split_url(request.url).host)});
  request.headers.push_back({"X-Amz-Date", time});
  if (!credentials.session_token.empty()) {
    request.headers.push_back({"X-Amz-Security-Token", credentials.session_token});
  }
  if (scope.service == "s3") request.headers.push_back({"X-Amz-Content-Sha256", payload_hash});
  const std::string scope_text = date + '/' + scope.region + '/' + scope.service + "/aws4_request";
  const std::string to_sign = std::string(kAlgorithm) + '\n' + time + '\n' + scope_text + '\n' +
                              base::to_hex(base::sha256(canonical_request(request, scope, payload_hash)));
  const std::string signature = base::to_hex(hmac_sha256(signing_key(credentials, date, scope), to_sign));
  request.headers.push_back({"Authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}",
                                                          kAlgorithm, credentials.access_key_id, scope_text,
                                                          signed_names(canonical_headers(request)), signature)});
}

}  // namespace twinshift::aws
