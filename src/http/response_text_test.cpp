#include "http/response_text.hpp"

#include <clocale>

#include <gtest/gtest.h>

#include "http/route_table.hpp"

namespace twinshift::http {
namespace {

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string text_of(const Response& response, const AnswerShape& shape) {
  std::string out;
  append_response(out, response, shape, kDate);
  return out;
}

TEST(ResponseText, IsWrittenWhole) {
  Response response;
  response.status = 503;
  response.body = "{}";
  response.headers = {{"Retry-After", "5"}};
  EXPECT_EQ(text_of(response, {.close = true}),
            "HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\nConnection: close\r\n"
            "Retry-After: 5\r\n\r\n{}");
}

TEST(ResponseText, SaysWhatBecomesOfTheConnection) {
  const Response response;
  EXPECT_EQ(text_of(response, {}).find("Connection"), std::string::npos);
  EXPECT_NE(text_of(response, {.http_1_0 = true}).find("Connection: keep-alive\r\n"), std::string::npos);
  EXPECT_NE(text_of(response, {.close = true, .http_1_0 = true}).find("Connection: close\r\n"), std::string::npos);
}

TEST(ResponseText, LeavesOutBodies) {
  Response response;
  response.body = "12345";
  EXPECT_TRUE(text_of(response, {.head_only = true}).ends_with("Content-Length: 5\r\n\r\n"));
  response.status = 204;
  EXPECT_EQ(text_of(response, {}).find("Content-"), std::string::npos);
  EXPECT_TRUE(text_of(response, {}).ends_with("GMT\r\n\r\n"));
}

TEST(ResponseTextDeathTest, LineBreaksInHeadersAreOurMistake) {
  Response response;
  response.headers = {{"Allow", "GET\r\nX: y"}};
  EXPECT_DEATH(text_of(response, {}), "assertion failed");
}

TEST(ResponseText, EveryStatusInUseHasItsPhrase) {
  for (int status : {200, 204, 400, 401, 404, 405, 408, 413, 415, 417, 429, 431, 500, 501, 503}) {
    EXPECT_NE(reason_phrase(status), "Unknown") << status;
  }
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

TEST(ResponseText, DateHasItsFixedForm) {
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // where it is there
  DateText date;
  const std::string text(date.now());
  std::setlocale(LC_ALL, "C");
  ASSERT_EQ(text.size(), kDate.size());
  EXPECT_EQ(text.substr(3, 2), ", ");
  EXPECT_TRUE(text.ends_with(" GMT"));
  EXPECT_NE(std::string("SunMonTueWedThuFriSat").find(text.substr(0, 3)), std::string::npos);
  EXPECT_NE(std::string("JanFebMarAprMayJunJulAugSepOctNovDec").find(text.substr(8, 3)), std::string::npos);
}

TEST(RouteTable, FindsExactPathsOnly) {
  Routes routes;
  const Handler nothing = [](const Request&, const Responder&) {};
  routes.add("GET", "/a", nothing, true);
  routes.add("POST", "/a", nothing);
  routes.add("GET", "/", nothing);
  const RouteTable table(routes);
  const auto status = [&](std::string_view method, std::string_view path) {
    const auto found = table.find(method, path);
    const auto* response = std::get_if<Response>(&found);
    return response == nullptr ? 200 : response->status;
  };
  EXPECT_EQ(status("GET", "/a"), 200);
  EXPECT_EQ(status("HEAD", "/a"), 200);
  EXPECT_EQ(status("POST", "/a"), 200);
  EXPECT_EQ(status("PUT", "/a"), 405);
  EXPECT_EQ(status("get", "/a"), 405);
  EXPECT_EQ(status("HEAD", "/"), 405);
  EXPECT_EQ(status("GET", "/A"), 404);
  EXPECT_EQ(status("GET", "/a/b"), 404);
  EXPECT_EQ(status("GET", ""), 404);
}

}  // namespace
}  // namespace twinshift::http
