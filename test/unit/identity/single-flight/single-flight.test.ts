import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../../../../src/identity/single-flight/single-flight.ts';
import { bearer, keyPair } from '../samples.ts';

describe('SingleFlight', () => {
  it('shares a flight only between equal credentials', async () => {
    const flights = new SingleFlight<string>(10);
    const flight = flights.start(keyPair('key', 'right'), async () => 'found');
    expect(flights.get(keyPair('key', 'right'))).toBe(flight);
    expect(flights.get(keyPair('key', 'wrong'))).toBeUndefined();
    expect(flights.get(keyPair('keyr', 'ight'))).toBeUndefined();
    expect(flights.get(bearer('3:keyright'))).toBeUndefined();
    await flight;
    expect(flights.get(keyPair('key', 'right'))).toBeUndefined();
  });

  it('forgets a failed flight', async () => {
    const flights = new SingleFlight<string>(10);
    const flight = flights.start(bearer(), () => Promise.reject(new Error('broken')));
    await expect(flight).rejects.toThrow('broken');
    expect(flights.size).toBe(0);
  });

  it('refuses flights beyond its bound', async () => {
    const flights = new SingleFlight<string>(1);
    const flight = flights.start(bearer('a'), async () => 'found');
    expect(flights.start(bearer('b'), async () => 'found')).toBeNull();
    await flight;
    expect(flights.start(bearer('b'), async () => 'found')).not.toBeNull();
  });

  it('refuses a client beyond its share when crowded, and lets others start', async () => {
    const flights = new SingleFlight<string>(10, { crowded: 2, ofClient: 1 });
    const flight = flights.start(bearer('a'), async () => 'found', 'one');
    expect(flights.start(bearer('x'), async () => 'found', 'one')).not.toBeNull();
    expect(flights.start(bearer('b'), async () => 'found', 'one')).toBeNull();
    expect(flights.start(bearer('c'), async () => 'found', 'two')).not.toBeNull();
    expect(flights.start(bearer('d'), async () => 'found')).not.toBeNull();
    await flight;
    expect(flights.start(bearer('b'), async () => 'found', 'one')).not.toBeNull();
  });
});
