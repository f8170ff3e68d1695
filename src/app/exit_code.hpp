// What the program's exit code says (docs/operations.md shows the same table).
#pragma once

namespace twinshift::app {

enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,  // a command could not do what it was asked
  kExitUsage = 2,   // wrong command line or configuration; nothing was started
  kExitDifferent =
      3,  // `query`: the targets' answers differ; `schema --diff`: their tables do; `books`: events are missing
  kExitCannotStart = 4,    // port in use, data folder locked or unusable
  kExitStopIncomplete = 5  // stopped, but not everything in flight could be settled in time; it stays in the queue
};

// Of `twinshift repair` and `twinshift rebuild`.
enum RepairExitCode : int {
  kRepairDone = 0,      // nothing is left to be done
  kRepairLeft = 1,      // something is, and is named; without --apply: what would be done
  kRepairUndecided = 2  // could not tell, or failed part-way: what was done stands, run it again; wrong options
};

// Of `twinshift verify`, as programs that compare two things have them.
enum VerifyExitCode : int {
  kVerifyEqual = 0,      // but for what is owed or quarantined
  kVerifyDifferent = 1,  // events are named
  kVerifyUndecided = 2   // could not tell: a target did not answer, somebody owes and cannot say what, wrong options
};

// Of `twinshift trace`.
enum TraceExitCode : int {
  kTraceFound = 0,
  kTraceFoundNowhere = 1,
  kTraceUndecided = 2  // not found, and somebody could not be asked; or wrong options
};

}  // namespace twinshift::app
