#include "aws/xml_text.hpp"

#include <gtest/gtest.h>

namespace twinshift::aws {
namespace {

constexpr std::string_view kRole = R"(<?xml version="1.0"?>
<!-- < a comment > -->
<sts:AssumeRoleResponse xmlns:sts="https://sts.amazonaws.com/doc/2011-06-15/" note="a > b">
  <AssumeRoleResult>
    <Other><Credentials><AccessKeyId>wrong depth</AccessKeyId></Credentials></Other>
    <Empty/>
    <Credentials>
      <AccessKeyId>ASIA1</AccessKeyId>
      <SecretAccessKey>a&lt;b&amp;&quot;&apos;&gt;&#65;&#x42;</SecretAccessKey>
      <SessionToken><![CDATA[to<k>en&amp;]]>/tail</SessionToken>
      <AccessKeyId>second</AccessKeyId>
    </Credentials>
  </AssumeRoleResult>
</sts:AssumeRoleResponse>)";

std::string at(std::string_view xml, std::string_view path) {
  return xml_text(xml, path).value_or("(none)");
}

TEST(XmlText, IsFoundByItsPathFromTheRoot) {
  EXPECT_EQ(at(kRole, "AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId"), "ASIA1");
  EXPECT_EQ(at(kRole, "AssumeRoleResponse/AssumeRoleResult/Empty"), "");
  EXPECT_EQ(at(kRole, "AssumeRoleResult/Credentials/AccessKeyId"), "(none)");
  EXPECT_EQ(at(kRole, "AssumeRoleResponse/AssumeRoleResult/Credentials/Expiration"), "(none)");
  EXPECT_EQ(at(kRole, "AssumeRoleResponse/Credentials/AccessKeyId"), "(none)");
}

TEST(XmlText, DecodesEntitiesAndCdata) {
  EXPECT_EQ(at(kRole, "AssumeRoleResponse/AssumeRoleResult/Credentials/SecretAccessKey"), "a<b&\"'>AB");
  EXPECT_EQ(at(kRole, "AssumeRoleResponse/AssumeRoleResult/Credentials/SessionToken"), "to<k>en&amp;/tail");
  EXPECT_EQ(at("<a>&#233;&#x20AC;&#128512;</a>", "a"), "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(XmlText, LeavesOutWhatElementsWithinSay) {
  EXPECT_EQ(at("<a>x<b>y</b>z</a>", "a"), "xz");
  EXPECT_EQ(at("<a><b><a>y</a></b></a>", "a/b/a"), "y");
  EXPECT_EQ(at("\xEF\xBB\xBF<a>x</a>", "a"), "x");
}

TEST(XmlText, IsNothingWhereTheTextIsNotWellFormed) {
  for (const std::string_view xml : {"",
                                     "<",
                                     "<a",
                                     "<a>x",
                                     "<a>x</b>",
                                     "</a>",
                                     "<>x</>",
                                     "<a b='>x</a>",
                                     "<a>&unknown;</a>",
                                     "<a>&amp</a>",
                                     "<a>&#0;</a>",
                                     "<a>&#xD800;</a>",
                                     "<a>&#1114112;</a>",
                                     "<a>&#;</a>",
                                     "<a>&#x;</a>",
                                     "<a>&#99999999999;</a>",
                                     "<a><![CDATA[x</a>",
                                     "<!-- <a>x</a>",
                                     "{\"a\":1}",
                                     "<html><body>502 Bad Gateway</html>"}) {
    EXPECT_EQ(at(xml, "a"), "(none)") << xml;
  }
}

TEST(XmlText, KnowsNoDocumentTypes) {
  EXPECT_EQ(at("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "a"), "(none)");
}

TEST(XmlText, IsBounded) {
  std::string deep;
  std::string path;
  for (std::size_t i = 0; i < kXmlDepthMax; ++i) {
    deep += "<d>";
    path += i == 0 ? "d" : "/d";
  }
  std::string closed = deep + "x";
  for (std::size_t i = 0; i < kXmlDepthMax; ++i) closed += "</d>";
  EXPECT_EQ(at(closed, path), "x");
  EXPECT_EQ(at("<d>" + closed + "</d>", "d/" + path), "(none)");
  EXPECT_EQ(at("<a>" + std::string(kXmlBytesMax, 'x') + "</a>", "a"), "(none)");
}

}  // namespace
}  // namespace twinshift::aws
