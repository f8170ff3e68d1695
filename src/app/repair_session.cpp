#include "app/repair_session.hpp"

#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/answer_written.hpp"
#include "app/by_hand.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

constexpr const char* kUnread = " (their rows are not read yet: one that was changed needs --deep, or is left)";

}  // namespace

RepairSession::RepairSession(Parts parts) : parts_(parts) {
  if (parts_.json) std::fputs("{\"findings\":[", stdout);
  if (parts_.mender == nullptr) return;
  repairer_.emplace(proof::Repairer::Parts{
      .mender = parts_.mender,
      .targets = kComparedTargets,
      .left = [this](const std::string& target, const proof::LeftEvent& left) { note_left(target, left); }});
}

base::Result<proof::VerifyReport> RepairSession::put_right(const proof::VerifyOptions& options, const Wanted& wanted,
                                                           const char* progress) {
  deep_ = options.deep;
  ProgressLine line(progress);
  base::Status mended;
  auto report = parts_.comparison->run(options, {.found =
                                                     [&](const proof::Finding& finding) {
                                                       if (!wanted(finding)) return;
                                                       if (parts_.lists) line.clear();
                                                       note(finding);
                                                       if (repairer_ && mended) mended = repairer_->take(finding);
                                                     },
                                                 .told = [&](const auto& now) { line.show(now); },
                                                 .stop = [&] { return !mended.has_value(); }});
  if (mended && report && repairer_) mended = repairer_->finish();
  line.clear();
  if (!mended) return base::fail(std::move(mended.error()));
  return report;
}

void RepairSession::begin_anew() {
  anew_ = true;
  if (repairer_) repairer_->forget_touched();
}

base::Status RepairSession::look_again(proof::VerifyOptions options, const Wanted& wanted) {
  if (!repairer_ || !(repairer_->touched() || repairer_->touched_timeless())) return {};
  // What has no time is in no range: where nothing else was touched the range is empty.
  const proof::Span touched = repairer_->touched().value_or(proof::Span{});
  options.from = touched.from;
  options.to = touched.to;
  options.outside_too = repairer_->touched_timeless();
  ProgressLine line("looking again: ");
  auto report = parts_.comparison->run(options, {.found =
                                                     [&](const proof::Finding& finding) {
                                                       if (wanted(finding)) note_again(finding);
                                                     },
                                                 .told = [&](const auto& now) { line.show(now); },
                                                 .stop = {}});
  line.clear();
  if (!report) return base::fail(std::move(report.error()));
  again_ = *report;
  looked_text_ = looked_again_text(repairer_->touched(), options.outside_too);
  return {};
}

void RepairSession::print(const std::string& text, const std::string& json) {
  if (!parts_.lists || ++printed_ > parts_.ids_max) return;
  if (parts_.json && printed_ > 1) std::fputc(',', stdout);
  std::printf("%s%s", (parts_.json ? json : text).c_str(), parts_.json ? "" : "\n");
}

void RepairSession::note(const proof::Finding& finding) {
  const bool counted = anew_ && repairer_ && finding.kind == proof::FindingKind::missing &&
                       repairer_->has_left(finding.target, finding.id);
  if (!counted) {
    plan_.add(finding);
    found_.add(finding);
  }
  if (!repairer_ || !proof::remedy_of(finding.kind)) rest_.add(finding);
  print(plan_as_text(finding), plan_as_json(finding));
}

void RepairSession::note_left(const std::string& target, const proof::LeftEvent& left) {
  if (left.why != proof::LeftWhy::owed) ++left_;  // that needs nobody: it lands by itself
  left_unsound_ = left_unsound_ || left.why == proof::LeftWhy::unsound;
  if (++left_told_ > parts_.ids_max) return;
  const auto chosen = find_target(*parts_.settings, target);
  const ByHand hand = chosen ? by_hand(**chosen, left) : ByHand{};
  if (parts_.json) {
    left_json_.push_back(left_as_json(target, left, hand));
  } else {
    std::printf("%s\n", left_as_text(target, left, hand).c_str());
  }
}

void RepairSession::note_again(const proof::Finding& finding) {
  if (!proof::remedy_of(finding.kind)) return;  // told already
  rest_.add(finding);
  again_found_.add(finding);
  if (again_json_.size() >= parts_.ids_max) return;
  again_json_.push_back(finding_as_json(finding));
  if (!parts_.json) std::printf("still    %s\n", finding_as_text(finding).c_str());
}

void RepairSession::note_beside(const std::string& line, const std::string& json_member, bool open) {
  if (!line.empty()) beside_ += line + '\n';
  if (!json_member.empty()) beside_json_ += ',' + json_member;
  beside_open_ = beside_open_ || open;
}

int RepairSession::exit_code() const {
  const VerifyVerdict verdict = rest_.verdict();
  if (left_ > 0 || beside_open_ || verdict == VerifyVerdict::different) return kRepairLeft;
  return verdict == VerifyVerdict::undecided ? kRepairUndecided : kRepairDone;
}

bool RepairSession::is_done() const {
  return exit_code() == kRepairDone;
}

int RepairSession::finish(const proof::VerifyReport& compared, std::chrono::seconds window) {
  const int code = exit_code();
  if (parts_.json) {
    finish_json(code == kRepairDone ? "done" : code == kRepairLeft ? "left" : "undecided");
  } else {
    finish_text(compared, window);
    if (repairer_)
      std::puts(code == kRepairDone ? "done: nothing is left to be put right"
                                    : "not all is put right: what is named above as `leave`, `left` "
                                      "or `still` needs a person, or another run");
  }
  if (auto written = answer_written(); !written) {
    std::fprintf(stderr, "twinshift: %s\n", written.error().text().c_str());
    return kRepairUndecided;
  }
  return code;
}

int RepairSession::finish_unseen() {
  if (parts_.json) {
    finish_json("left");
  } else {
    std::printf("%sNothing was changed: --apply carries it out.\n", beside_.c_str());
  }
  return answer_written() ? kRepairLeft : kRepairUndecided;
}

int RepairSession::give_up(const base::Error& error) {
  if (parts_.json) {
    finish_json("failed");
  } else if (repairer_) {
    std::fputs(beside_.c_str(), stdout);
    print_receipts();
  }
  // Of a damaged file the hint says how to go on: not by running it again as it is.
  const bool again = repairer_ && error.kind != base::ErrorKind::corrupt;
  std::fprintf(stderr, "twinshift: it could not be finished: %s%s\n", error.text().c_str(),
               again ? ". What was done stands; run it again" : "");
  return kRepairUndecided;
}

void RepairSession::print_receipts() const {
  for (std::size_t side = 0; side < kComparedTargets.size(); ++side) {
    std::printf("%s\n", receipt_as_text(kComparedTargets[side], repairer_->receipt(side)).c_str());
  }
}

void RepairSession::finish_text(const proof::VerifyReport& compared, std::chrono::seconds window) const {
  if (parts_.lists && printed_ > parts_.ids_max) {
    std::printf("... and %zu more (--ids-max)\n", printed_ - parts_.ids_max);
  }
  std::printf("%s\n", compared_text(compared, window).c_str());
  const std::string as_of = " (as of " + base::iso8601_ms(compared.as_of) + ')';
  const std::string found = found_.text();
  // A row that was changed in place cannot be copied, which shows once it is read.
  const bool unread = !repairer_ && !deep_ && plan_.copies();
  std::printf("found: %s%s\nplan: %s%s\n", found.empty() ? "no difference" : found.c_str(), as_of.c_str(),
              plan_.text().c_str(), unread ? kUnread : "");
  std::fputs((reasons_text(compared) + advice_text(found_) + beside_).c_str(), stdout);
  if (!repairer_) {
    if (!plan_.empty() || beside_open_) std::puts("Nothing was changed: --apply carries it out.");
    return;
  }
  print_receipts();
  if (again_) {
    const std::string still = again_found_.text();
    std::printf("%s: %s\n", looked_text_.c_str(), still.empty() ? "equal" : ("still different: " + still).c_str());
  }
  if (left_unsound_ && !deep_) std::puts(kLookDeeper);
}

void RepairSession::finish_json(const char* verdict) const {
  std::printf("],\"counts\":%s,\"applied\":%s", found_.json(kComparedTargets).c_str(), repairer_ ? "true" : "false");
  if (repairer_) {
    std::printf(",\"receipt\":{\"%s\":%s,\"%s\":%s}", kComparedTargets[0].c_str(),
                receipt_as_json(repairer_->receipt(0)).c_str(), kComparedTargets[1].c_str(),
                receipt_as_json(repairer_->receipt(1)).c_str());
    std::printf(",\"left\":[%s]", fmt::format("{}", fmt::join(left_json_, ",")).c_str());
    std::printf(",\"still\":[%s]", fmt::format("{}", fmt::join(again_json_, ",")).c_str());
  }
  std::printf("%s,\"verdict\":\"%s\"}\n", beside_json_.c_str(), verdict);
}

}  // namespace twinshift::app
