-- A replica says what it holds. KEYS: state, leases, reports, its parts, the names of limits where it holds places, what
-- the keys of those begin with, then a window's account for each part. ARGV from 3 on: its lease, whether it was here
-- before, of how many limits it holds places; for each of them name and number; for each part field, start, end, amount.
local state = redis.call('HMGET', KEYS[1], 'run', 'generation')
if state[1] ~= read_run() then return {'lost'} end
if state[2] ~= ARGV[1] then return {'changed'} end
local now = now_us()
redis.call('HSET', KEYS[2], ARGV[2], whole(math.floor(now / 1000) + tonumber(ARGV[3])))
-- Later than all questions of a former process of this node.
redis.call('HSET', KEYS[1], 'asked:' .. ARGV[2], whole(now))
if redis.call('HSETNX', KEYS[3], ARGV[2], '1') == 0 then return {'ok', whole(now)} end
if ARGV[4] == '1' then
  -- What rates have given is forgotten, so they begin empty.
  redis.call('HSET', KEYS[1], 'empty_at', whole(now))
end
local limits = tonumber(ARGV[5])
for index = 1, limits do
  local name = ARGV[4 + 2 * index]
  redis.call('HSET', KEYS[6] .. name, ARGV[2], ARGV[5 + 2 * index])
  redis.call('SADD', KEYS[5], name)
end
for place = 7, #KEYS do
  local at = 6 + 2 * limits + (place - 7) * 4
  local ends, amount = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local window = read_window(KEYS[place], ARGV[at + 1]) or {ends, 0, 0, 0}
  local had = read_numbers(redis.call('HGET', KEYS[4], ARGV[at]))[1] or 0
  window[4] = window[4] + amount
  write_window(KEYS[place], ARGV[at + 1], window)
  write_part(KEYS[4], ARGV[at], had + amount, ends)
end
for _, key in ipairs({KEYS[2], KEYS[3]}) do redis.call('PEXPIRE', key, KEEP_MS) end
return {'ok', whole(now)}
