import { expect, test } from 'vitest';
import { KeptValues } from '../../../src/config/kept-values.ts';

function keptNumbers(count: number): KeptValues<string, number> {
  const values = new KeptValues<string, number>();
  for (let number = 0; number < count; number += 1) values.keep(`n${number}`, number);
  return values;
}

test('what was kept is found', () => {
  const values = keptNumbers(256);
  expect([values.find('n0'), values.find('n255'), values.find('n256')]).toEqual([0, 255, undefined]);
});

test('nothing is looked up anymore when values were all different', () => {
  const values = keptNumbers(257);
  expect(values.areAllDifferent).toBe(true);
  expect(values.find('n0')).toBeUndefined();
});

test('those that are asked for again and again stay, whatever else comes', () => {
  const values = keptNumbers(256);
  for (let turn = 0; turn < 256; turn += 1) values.find('n7');
  for (let number = 256; number < 1000; number += 1) values.keep(`n${number}`, number);
  expect(values.areAllDifferent).toBe(false);
  expect([values.find('n7'), values.find('n256')]).toEqual([7, undefined]);
});
