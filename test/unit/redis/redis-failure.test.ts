import { describe, expect, it } from 'vitest';
import { redisErrorCode, redisFailure } from '../../../src/redis/redis-failure.ts';

function coded(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.1.2.3:6379`), { code });
}

function inScript(refusal: string): Error {
  return new Error(`ERR The user executing the script ${refusal} script: 1234, on @user_script:1.`);
}

describe('the cause of a Redis failure', () => {
  it.each<[string, unknown, string]>([
    ['a closed port', coded('ECONNREFUSED'), 'disconnected'],
    ['a broken connection', coded('ECONNRESET'), 'disconnected'],
    ['a host without an address', coded('ENOTFOUND'), 'disconnected'],
    ['an unavailable name server', coded('EAI_AGAIN'), 'disconnected'],
    ['an unreachable network', coded('ENETUNREACH'), 'disconnected'],
    ['a broken pipe', coded('EPIPE'), 'disconnected'],
    ['an unanswered connection', coded('ETIMEDOUT'), 'timeout'],
    ['a command past its deadline', new Error('Command timed out'), 'timeout'],
    ['a silent socket', new Error("Socket timeout. Expecting data, but didn't receive any in 1000ms."), 'timeout'],
    ['an untrusted certificate', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'certificate'],
    ['a self-signed certificate', coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'certificate'],
    ['a certificate for another name', coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'certificate'],
    ['an expired certificate', coded('CERT_HAS_EXPIRED'), 'certificate'],
    ['a server that requires a certificate', coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'certificate'],
    ['no connection yet', new Error("Stream isn't writeable and enableOfflineQueue options is false"), 'disconnected'],
    ['no Cluster yet', new Error("Cluster isn't ready and enableOfflineQueue options is false"), 'disconnected'],
    ['a connection that ended', new Error('Connection is closed.'), 'disconnected'],
    ['no Sentinel', new Error('All sentinels are unreachable. Retrying from scratch after 50ms.'), 'disconnected'],
    ['no node', new Error('None of startup nodes is available'), 'disconnected'],
    ['a wrong password', new Error('WRONGPASS invalid username-password pair or user is disabled.'), 'forbidden'],
    ['a missing password', new Error('NOAUTH HELLO must be called with the client already authenticated'), 'forbidden'],
    [
      'a missing permission',
      new Error("NOPERM User rolegate has no permissions to run the 'get' command"),
      'forbidden',
    ],
    ["a script's missing permission for a command, by Redis 7.0", inScript("can't run this command"), 'forbidden'],
    ["a script's missing permission for a key, by Redis 7.0", inScript("can't access at least one of"), 'forbidden'],
    [
      "a script's missing permission for a channel, by Redis 7.0",
      inScript("can't publish to the channel"),
      'forbidden',
    ],
    [
      "a script's missing permission, by Redis 8",
      new Error('ERR ACL failure in script: No permissions to access a key script: 1234, on @user_script:1.'),
      'forbidden',
    ],
    ['another error in a script', new Error('ERR unknown command script: 1234, on @user_script:1.'), 'other'],
    ['a replica', new Error("READONLY You can't write against a read only replica."), 'read_only'],
    ['a start', new Error('LOADING Redis is loading the dataset in memory'), 'busy'],
    ['a slow script', new Error('BUSY Redis is busy running a script.'), 'busy'],
    ['an unserved slot', new Error('CLUSTERDOWN Hash slot not served'), 'busy'],
    ['exhausted memory', new Error("OOM command not allowed when used memory > 'maxmemory'."), 'full'],
    ['another type of value', new Error('WRONGTYPE Operation against a key'), 'other'],
    ['not an Error', 'away', 'other'],
  ])('%s', (_, error, failure) => {
    expect(redisFailure(error)).toBe(failure);
  });

  it('has a code for the log', () => {
    expect(redisErrorCode(inScript("can't run this command"))).toBe('NOPERM');
    expect(redisErrorCode(new Error('OOM command not allowed'))).toBe('OOM');
    expect(redisErrorCode(new Error('Connection is closed.'))).toBeNull();
  });
});
