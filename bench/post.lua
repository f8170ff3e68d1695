-- wrk script: POSTs the events of $BENCH_EVENTS (one JSON object a line) in turn. Each request gets a value of its own in
-- the first free sub-parameter field, so that no two events are the same; its length is fixed, so heads are made once.
-- $BENCH_RATE: requests a second over all connections (0: as fast as answers come). $BENCH_SERIAL: first serial number.
local ffi = require("ffi")
ffi.cdef([[
  typedef struct { long seconds; long nanoseconds; } twinshift_timespec;
  int clock_gettime(int clock, twinshift_timespec* now);
]])
local spec = ffi.new("twinshift_timespec")
local CLOCK_MONOTONIC = 1

local function now()
  ffi.C.clock_gettime(CLOCK_MONOTONIC, spec)
  return tonumber(spec.seconds) + tonumber(spec.nanoseconds) / 1e9
end

local heads, tails, count = {}, {}, 0
local serial = tonumber(os.getenv("BENCH_SERIAL") or "0")
local rate = tonumber(os.getenv("BENCH_RATE") or "0")
local begin, slot = nil, 0

local function free_field(lines)
  local text = table.concat(lines, "\n")
  for _, name in ipairs({ "af_sub5", "af_sub4", "af_sub3", "custom_dimension", "bench_serial" }) do
    if not text:find('"' .. name .. '"', 1, true) then return name end
  end
  error("every sub-parameter field is taken in the corpus")
end

function init()
  local lines = {}
  for line in io.lines(os.getenv("BENCH_EVENTS")) do lines[#lines + 1] = line end
  local opening = '{"' .. free_field(lines) .. '":"'
  for i, line in ipairs(lines) do
    local tail = '",' .. line:sub(2)
    local length = #opening + 12 + #tail
    heads[i] = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\nContent-Type: application/json\r\nContent-Length: "
      .. length .. "\r\n\r\n" .. opening
    tails[i] = tail
  end
  count = #lines
end

function request()
  serial = serial + 1
  local i = serial % count + 1
  return heads[i] .. string.format("%012d", serial) .. tails[i]
end

-- Each connection asks for its next slot in one common timetable.
if rate > 0 then
  function delay()
    begin = begin or now()
    slot = slot + 1
    local wait = begin + slot / rate - now()
    return wait > 0 and math.floor(wait * 1000 + 0.5) or 0
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('RESULT {"requests":%d,"microseconds":%d,"refused":%d,"socket_errors":%d,"p50_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
