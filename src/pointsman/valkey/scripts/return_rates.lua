-- KEYS: state, the rate or the places. ARGV: 3 unit, 4 how many places are left at most, or how much time the permits are
-- worth (us), 5 the stamp.
-- Permits come back by themselves, the oldest first; only those that have not done so yet can be given back.
local fault = read_fault()
if fault then return fault end
local amount = tonumber(ARGV[4])
if ARGV[3] == 'calls' then
  local held = tonumber(redis.call('HGET', KEYS[2], ARGV[2]) or '0')
  redis.call('HSET', KEYS[2], ARGV[2], whole(math.min(held, amount)))
  redis.call('PEXPIRE', KEYS[2], 86400000)
  return {'ok'}
end
local rate = read_numbers(redis.call('GET', KEYS[2]) or '')
if not rate[1] then return {'ok'} end
local now = now_us()
if amount < 0 then
  rate[1] = math.max(rate[1], now) - amount
else
  amount = math.max(0, math.min(amount, tonumber(ARGV[5]) - rate[2] - now))
  rate[1], rate[2] = rate[1] - amount, rate[2] + amount
end
redis.call('SET', KEYS[2], whole(rate[1]) .. '|' .. whole(rate[2]), 'PX', '86400000')
return {'ok'}
