/**
 * The two scripts of a flight that replicas share. Both touch the entry, the lease and the waiters of one credential, in
 * this order, and nothing else: one hash slot of a Cluster.
 */
import type { RedisScript } from '../../redis/redis-link.ts';

/**
 * Takes the lease, or puts the replica among those who wait for its holder. Arguments: the token of the lease, its life
 * in milliseconds, the last byte of an entry that is read, the id of the replica, and `1` when the entry that is there
 * does not do. Answers `entry` and its bytes, `lead` and the bytes that are there, or `wait` and the milliseconds that
 * the lease has left.
 */
export const acquireLease: RedisScript = {
  name: 'rolegateAcquireLease',
  keys: 3,
  lua: `
local entry = redis.call('GETRANGE', KEYS[1], 0, ARGV[3])
if entry ~= '' and ARGV[5] ~= '1' then return { 'entry', entry } end
if redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'NX') then return { 'lead', entry } end
redis.call('SADD', KEYS[3], ARGV[4])
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return { 'wait', redis.call('PTTL', KEYS[2]) }
`,
};

/**
 * Ends a flight: writes the entry, gives the lease back and tells those who wait. Arguments: the token of the lease, the
 * entry (empty: there is none), its life in milliseconds, the channel of a replica without its id, and what a message
 * begins with; the entry follows. Whoever has lost the lease has nobody to tell, and writes only where nothing is: the
 * next holder may have asked later. Returns the number of those that waited.
 */
export const releaseLease: RedisScript = {
  name: 'rolegateReleaseLease',
  keys: 3,
  lua: `
local held = redis.call('GET', KEYS[2]) == ARGV[1]
if ARGV[2] ~= '' and (held or redis.call('EXISTS', KEYS[1]) == 0) then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
if not held then return 0 end
local waiters = redis.call('SMEMBERS', KEYS[3])
redis.call('DEL', KEYS[2], KEYS[3])
for _, id in ipairs(waiters) do redis.call('PUBLISH', ARGV[4] .. id, ARGV[5] .. ARGV[2]) end
return #waiters
`,
};
