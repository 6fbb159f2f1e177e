/** The contract of the stores of sessions, for the one in Redis. */
import { createRedisSessionStore } from '../../../../src/identity/sessions/redis-session-store.ts';
import { connectRedis } from '../../../../src/redis/connect-redis.ts';
import { describeSessionStore } from '../../../contract/session-store.ts';
import { useRedis } from '../../../support/redis.ts';
import { redisConfig } from '../../../support/redis-config.ts';

describeSessionStore('sessions in Redis', async () => {
  const { url, keyPrefix } = await useRedis();
  return {
    async open(settings) {
      const config = redisConfig(url, keyPrefix);
      let ready = () => {};
      const connected = new Promise<void>((resolve) => {
        ready = resolve;
      });
      const link = connectRedis(config, { name: 'rolegate', onReady: () => ready() });
      await connected;
      const store = createRedisSessionStore({ ...settings, link, keyPrefix });
      return {
        ...store,
        async close() {
          await store.close();
          link.close();
        },
      };
    },
    close: async () => {},
  };
});
