/** `time` of a condition: hours on days of the week. */
import { z } from 'zod';
import { dayNames, minutesOfDay } from '../../core/policy/time-window.ts';
import { Problem } from '../problem.ts';
import { compileZone } from '../units/time-zone.ts';
import { described } from './key.ts';
import { list } from './refine.ts';
import { text, word } from './scalar.ts';

const clockTime = text(
  'a time of the day, such as "08:00"',
  (value) => {
    const read = /^(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)$/.exec(value);
    if (read === null)
      return new Problem('expected a time of the day, such as "08:00"', 'in quotes: "00:00" to "24:00"');
    return read[1] === undefined ? minutesOfDay : Number(read[1]) * 60 + Number(read[2]);
  },
  '(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00',
);

const zoneExpected = 'a time zone of the IANA database, such as Europe/Berlin';

/** Minutes of the day; days from Monday 0 on. */
export const time = z.strictObject({
  days: described(
    list(word(dayNames), {
      empty: ['an empty list of days is never', 'name a day, or remove it'],
      distinct: 'day',
    }).optional(),
    'Days of the week; if unset: every day. Hours past midnight belong to the day on which they begin.',
    { examples: [['mon', 'tue', 'wed', 'thu', 'fri']] },
  ),
  from: described(clockTime.optional(), 'Start; if unset: "00:00".', { examples: ['08:00'] }),
  to: described(
    clockTime.optional(),
    'End, exclusive; if unset: "24:00". If it is not after "from", it is on the next day.',
    {
      examples: ['18:00'],
    },
  ),
  zone: described(
    text(zoneExpected, (value) => (compileZone(value) === null ? new Problem(`expected ${zoneExpected}`) : value)),
    'Time zone of the IANA database, with its daylight saving time.',
    { examples: ['Europe/Berlin'] },
  ),
});
