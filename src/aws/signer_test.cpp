#include "aws/signer.hpp"

#include <gtest/gtest.h>

namespace twinshift::aws {
namespace {

// AWS's published test suite for Signature Version 4: these keys, this scope, this time, these signatures.
const Credentials kExample{.access_key_id = "AKIDEXAMPLE",
                           .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                           .session_token = {},
                           .expires_at = std::nullopt,
                           .source = {}};
const SigningScope kScope{"us-east-1", "service"};
constexpr base::WallTime kTime{std::chrono::seconds(1'440'938'160)};  // 20150830T123600Z

std::string header(const curl::Request& request, std::string_view name) {
  for (const curl::Header& found : request.headers) {
    if (found.name == name) return found.value;
  }
  return {};
}

struct Vector {
  const char* name;
  const char* method;
  const char* url;
  std::vector<curl::Header> headers;
  const char* body;
  const char* signed_headers;
  const char* signature;
};

TEST(Signer, GivesTheSignaturesOfThePublishedSuite) {
  const std::vector<Vector> vectors = {
      {"get-vanilla",
       "GET",
       "https://example.amazonaws.com/",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"post-vanilla",
       "POST",
       "https://example.amazonaws.com/",
       {},
       "",
       "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "https://example.amazonaws.com/?Param2=value2&Param1=value1",
       {},
       "",
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-utf8",
       "GET",
       "https://example.amazonaws.com/\u1234",
       {},
       "",
       "host;x-amz-date",
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-space",
       "GET",
       "https://example.amazonaws.com/example space/",
       {},
       "",
       "host;x-amz-date",
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-relative-relative",
       "GET",
       "https://example.amazonaws.com/example1/example2/../..",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slashes",
       "GET",
       "https://example.amazonaws.com//",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"post-x-www-form-urlencoded",
       "POST",
       "https://example.amazonaws.com/",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       "Param1=value1",
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
  };
  for (const Vector& vector : vectors) {
    curl::Request request;
    request.method = vector.method;
    request.url = vector.url;
    request.headers = vector.headers;
    request.body = vector.body;
    sign(request, kExample, kScope, kTime);
    EXPECT_EQ(header(request, "Authorization"),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" +
                  std::string(vector.signed_headers) + ", Signature=" + vector.signature)
        << vector.name;
    EXPECT_EQ(header(request, "X-Amz-Date"), "20150830T123600Z");
  }
}

TEST(Signer, SignsTheSessionToken) {
  Credentials temporary = kExample;
  temporary.session_token = "token";
  curl::Request request;
  request.url = "https://example.amazonaws.com/";
  sign(request, temporary, kScope, kTime);
  EXPECT_EQ(header(request, "X-Amz-Security-Token"), "token");
  EXPECT_NE(header(request, "Authorization").find("SignedHeaders=host;x-amz-date;x-amz-security-token,"),
            std::string::npos);
}

TEST(Signer, NamesAPortThatIsNotTheSchemesOwn) {
  for (const auto& [url, host] : std::vector<std::pair<std::string, std::string>>{
           {"http://127.0.0.1:4566/", "127.0.0.1:4566"}, {"https://h:443/x", "h"}, {"http://h:80", "h"}}) {
    curl::Request request;
    request.url = url;
    sign(request, kExample, kScope, kTime);
    EXPECT_EQ(header(request, "Host"), host);
  }
}

TEST(Signer, KeepsS3sPathAndNamesTheHashOfTheBody) {
  curl::Request request;
  request.method = "PUT";
  request.url = "https://bucket.s3.amazonaws.com/a%20b/../c//d";
  const SigningScope s3{"us-east-1", "s3"};
  EXPECT_NE(canonical_request(request, s3, "h").find("\n/a%20b/../c//d\n"), std::string::npos);
  EXPECT_NE(canonical_request(request, kScope, "h").find("\n/c/d\n"), std::string::npos);
  sign(request, kExample, s3, kTime);
  EXPECT_EQ(header(request, "X-Amz-Content-Sha256"),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Signer, SortsHeadersAndQueryAndGivesAValueToEachField) {
  curl::Request request;
  request.method = "GET";
  request.url = "https://h/?b&a=2&a=1&c=%2F";
  request.headers = {{"X-Two", "  b   c "}, {"X-One", "1"}, {"x-two", "d"}, {"X-Two-Three", "e"}};
  EXPECT_EQ(canonical_request(request, kScope, "h"),
            "GET\n/\na=1&a=2&b=&c=%2F\nx-one:1\nx-two:b c,d\nx-two-three:e\n\nx-one;x-two;x-two-three\nh");
}

}  // namespace
}  // namespace twinshift::aws
