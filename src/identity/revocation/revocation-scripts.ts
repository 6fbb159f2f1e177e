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
  if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('XADD', KEYS[1], '*', 'begin', '1') end
  if #redis.call('ZRANGEBYSCORE', KEYS[2], oldest, newest, 'LIMIT', 0, 1) > 0 then return end
  local ms = string.match(name, ' (%d+)$')
  redis.call('ZADD', KEYS[2], oldest + ms + ${marginMs}, '${lostReplicaId} ' .. ms)
end
`;

/**
 * Keys: log, replicas. Arguments: the message, the channel, how many entries the log keeps, and the own name among the replicas. Returns
 * the connected ones, without times far in the future, which remain after a clock was set back.
 */
export const announceRevocation: RedisScript = {
  name: 'rolegateAnnounceRevocation',
  keys: 2,
  lua: `${begin}
begin(ARGV[4])
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'm', ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return redis.call('ZRANGEBYSCORE', KEYS[2], oldest, newest)
`,
};

/**
 * Keys: log, replicas. Arguments: the last entry that was read (empty: none), how many milliseconds back to begin without one, how many
 * entries at most, the own name among the replicas, the own channel, what to publish there, and the maximum bytes of a message. Returns the
 * time, the first and the last entry of the log, and the entries from the one that was read, itself included; for an oversized entry only
 * the id.
 */
export const followRevocations: RedisScript = {
  name: 'rolegateFollowRevocations',
  keys: 2,
  lua: `${begin}
begin(ARGV[4])
redis.call('ZADD', KEYS[2], now, ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 60000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], now + 60000, '+inf')
local from = ARGV[1]
if from == '' then from = string.format('%d', math.max(now - ARGV[2], 0)) end
local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[3])
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
redis.call('PUBLISH', ARGV[5], ARGV[6])
local function brief(entry)
  local fields = entry and entry[2]
  if fields and (#fields ~= 2 or #fields[1] + #fields[2] > ARGV[7] + 1) then entry[2] = { '', '' } end
  return entry
end
for _, entry in ipairs(entries) do brief(entry) end
return { now, brief(first), brief(last), entries }
`,
};
