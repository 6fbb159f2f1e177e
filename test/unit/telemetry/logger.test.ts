import { expect, test } from 'vitest';
import { collect } from './make-record.ts';

test('a line contains level, time, message and members', async () => {
  const { telemetry, lines } = collect();
  telemetry.log.info({ listen: { host: '', port: 8080 } }, 'started');
  expect(await lines()).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      listen: { host: '', port: 8080 },
      msg: 'started',
    },
  ]);
});

test('lines below the level are not written', async () => {
  const { telemetry, lines } = collect('warn');
  telemetry.log.info('no');
  telemetry.log.warn('yes');
  expect((await lines()).map((line) => line['msg'])).toEqual(['yes']);
});

test('an error is in err with its code and cause', async () => {
  const { telemetry, lines } = collect();
  const error = Object.assign(new RangeError('bad', { cause: new Error('deeper') }), { code: 'E_BAD' });
  telemetry.log.error({ err: error }, 'failed');
  telemetry.log.error(error);
  const [first, second] = await lines();
  const err = { type: 'RangeError', code: 'E_BAD', message: 'bad', cause: { type: 'Error', message: 'deeper' } };
  expect(first).toMatchObject({ msg: 'failed', err });
  expect(second).toMatchObject({ err });
});

test('lines of requests and others keep their order, and are ASCII', async () => {
  const { telemetry, text } = collect();
  const { makeRecord } = await import('./make-record.ts');
  telemetry.log.info({ name: 'Zoë \u009b' }, 'one');
  telemetry.observe(makeRecord());
  telemetry.log.info('three');
  const written = await text();
  expect(written).toMatch(/^[\x20-\x7e\n]+$/);
  expect(
    written
      .split('\n')
      .slice(0, 3)
      .map((line) => JSON.parse(line).msg),
  ).toEqual(['one', 'request', 'three']);
  expect(JSON.parse(written.split('\n')[0]!).name).toBe('Zoë \u009b');
});
