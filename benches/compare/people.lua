-- Each request signs in as the next of many people, so that no two that are under way are the same person's.
local requests = {}
local next_person = 0

function init()
   for person = 1, 256 do
      -- Any value will do: nothing here looks into it.
      local credentials = "Basic " .. string.format("cGVyc29u%08d", person)
      requests[person] = wrk.format("GET", "/api/v1/accounts", { Authorization = credentials })
   end
end

function request()
   next_person = next_person % #requests + 1
   return requests[next_person]
end

function done(summary, latency)
   local errors = summary.errors
   local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
   io.write(string.format("result %d %d %d %d\n", summary.requests, failed, latency:percentile(50), latency:percentile(99)))
end
