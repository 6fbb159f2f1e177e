/**
 * The two steps that must be atomic in Redis. Announce: append to the log, publish, and read which replicas are connected. Follow: read
 * what is new in the log, and register as connected. Because one follows the other, a gateway is either among those that the revocation
 * waits for, or finds the revocation in the log before it registers.
 *
 * A Redis that has lost its data does not know who was connected, and a new one looks the same. So if no gateway is registered, a
 * placeholder is, which never acknowledges. It remains until those that were connected use no verdict from before.
 */
import type { RedisScript } from '../../redis/redis-link.ts';
import { lostReplicaId, marginMs } from './acknowledgements.ts';

/** A gateway without a sign of life for this long is not connected: its verdicts have long expired. */
const presentMs = 12_000;

/**
 * `begin` takes the name of the gateway that runs the script, whose `whileDisconnected` is assumed for the lost ones. The log begins with an
 * entry that is not a revocation, so that a lost log does not look like an empty one.
 */
const begin = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = now - ${presentMs}
local newest = now + ${presentMs}
local function begin(name)
  for at = 2, #KEYS do
    if redis.call('EXISTS', KEYS[at]) == 0 then redis.call('XADD', KEYS[at], '*', 'begin', '1') end
  end
  if #redis.call('ZRANGEBYSCORE', KEYS[1], oldest, newest, 'LIMIT', 0, 1) > 0 then return end
  local ms = string.match(name, ' (%d+)$')
  redis.call('ZADD', KEYS[1], oldest + ms + ${marginMs}, '${lostReplicaId} ' .. ms)
end
`;

/**
 * Keys: replicas, the log. Arguments: the message, the channel, how many entries the log keeps, and the own name among the replicas. Returns
 * the connected ones, without times far in the future, which remain after a clock was set back.
 */
export const announceRevocation: RedisScript = {
  name: 'rolegateAnnounceRevocation',
  keys: 2,
  lua: `${begin}
begin(ARGV[4])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'm', ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return redis.call('ZRANGEBYSCORE', KEYS[1], oldest, newest)
`,
};

/**
 * Keys: replicas, the logs. Arguments: how many entries at most, the own name among the replicas, the own channel, what to publish there,
 * the maximum bytes of a message, and of each log the last entry that was read (empty: none) and how many milliseconds back to begin without
 * one. Returns the time, and of each log the first and the last entry, and the entries from the one that was read, itself included; for an
 * oversized entry only the id.
 */
export const followRevocations: RedisScript = {
  name: 'rolegateFollowRevocations',
  keys: 3,
  lua: `${begin}
begin(ARGV[2])
redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 60000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + 60000, '+inf')
redis.call('PUBLISH', ARGV[3], ARGV[4])
local function brief(entry)
  local fields = entry and entry[2]
  if fields and (#fields ~= 2 or #fields[1] + #fields[2] > ARGV[5] + 1) then entry[2] = { '', '' } end
  return entry
end
local function read(log, from, back)
  if from == '' then from = string.format('%d', math.max(now - back, 0)) end
  local entries = redis.call('XRANGE', log, from, '+', 'COUNT', ARGV[1])
  local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
  local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  for _, entry in ipairs(entries) do brief(entry) end
  return { brief(first), brief(last), entries }
end
return { now, read(KEYS[2], ARGV[6], ARGV[7]), read(KEYS[3], ARGV[8], ARGV[9]) }
`,
};
