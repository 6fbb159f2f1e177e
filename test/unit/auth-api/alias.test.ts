/** Aliases: which ones are valid, and which two are equal. */
import { describe, expect, it } from 'vitest';
import { accountFields } from '../../../src/auth-api/operations/account-fields.ts';
import { foldCase } from '../../../src/auth-api/store/fold-case.ts';

describe('an alias', () => {
  it.each([
    'ana',
    'Ana Ünal',
    "o'neill-7",
    'ana.b+c',
    'Анна',
    'Άννα',
    'أنا',
    'अनीता',
    '田中さくら',
    'カナ Kana',
    '王小明',
    '김지수',
    'ana 😀',
    'a\u0301na',
  ])('may be %s', (alias) => {
    expect(accountFields.alias.safeParse(alias).success).toBe(true);
  });

  it.each([
    ['a control character', 'a\u0007na'],
    ['a zero-width space', 'a\u200bna'],
    ['a zero-width joiner', 'a\u200dna'],
    ['a change of text direction', 'ana\u202e'],
    ['a soft hyphen', 'a\u00adna'],
    ['a Hangul filler', 'ana\u3164'],
    ['a variation selector', 'ana\ufe0f'],
    ['a private-use character', 'ana\ue000'],
    ['a leading space', ' ana'],
    ['a trailing no-break space', 'ana\u00a0'],
    ['two spaces in a row', 'ana  b'],
    ['a Cyrillic letter among Latin ones', '\u0430na'],
    ['a Greek letter among Latin ones', '\u03b1na'],
    ['a Latin letter among Cyrillic ones', 'Аннa'],
    ['letters of a script that looks like Latin', '\u13aa\u13d2'],
    ['Greek and Cyrillic letters', 'Άнна'],
  ])('cannot contain %s', (_what, alias) => {
    expect(accountFields.alias.safeParse(alias).success).toBe(false);
  });
});

describe('the normalized form for comparing aliases and addresses', () => {
  it.each([
    ['case', 'ANA', 'ana'],
    ['width', '\uff21na', 'ana'],
    ['a ligature', 'o\ufb03ce', 'office'],
    ['composition', 'a\u0301na', '\u00e1na'],
    ['sharp s', 'Stra\u00dfe', 'STRASSE'],
    ['capital sharp s', 'STRA\u1e9eE', 'strasse'],
    ['final sigma', '\u03bf\u03b4\u03bf\u03c2', '\u039f\u0394\u039f\u03a3'],
    ['the long s', '\u017fam', 'sam'],
    ['the Kelvin sign', '\u212aim', 'kim'],
  ])('is the same for %s', (_what, one, other) => {
    expect(foldCase(one)).toBe(foldCase(other));
  });

  it('differs for different texts', () => {
    expect(new Set(['ana', '\u00e1na', 'anna', 'a.na'].map(foldCase)).size).toBe(4);
  });

  it('is idempotent', () => {
    for (const text of ['Stra\u00dfe', '\u0130stanbul', '\u03a3\u03a3', '\ufb03', '\u1e9e']) {
      expect(foldCase(foldCase(text))).toBe(foldCase(text));
    }
  });
});
