-- wrk's script for plain requests: POSTs $BODY with the header lines of $HEADERS, prints one JSON line at the end.
wrk.method = "POST"
wrk.body = os.getenv("BODY")
wrk.headers["content-type"] = "application/json"
for line in (os.getenv("HEADERS") or ""):gmatch("[^\n]+") do
  local name, value = line:match("^([^:]+):%s*(.*)$")
  wrk.headers[name] = value
end

done = function(summary, latency)
  local errors = summary.errors
  print(string.format('{"duration_s":%.3f,"requests":%d,"failed":%d,"p50_ms":%.3f,"p99_ms":%.3f}',
    summary.duration / 1e6, summary.requests,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
