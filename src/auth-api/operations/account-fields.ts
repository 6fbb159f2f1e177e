/** The fields of an account, for every way to create it. */
import { z } from 'zod';
import { emailAddress, label } from './fields.ts';

/** Scripts in everyday use (UAX #31, table 5), and those of one language that are written together. */
const writtenTogether: readonly (readonly string[])[] = [
  ...['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Georgian', 'Hebrew', 'Arabic', 'Thaana', 'Ethiopic', 'Devanagari'],
  ...['Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Thai', 'Lao'],
  ...['Tibetan', 'Myanmar', 'Khmer'],
]
  .map((script) => [script])
  .concat([
    ['Latin', 'Han', 'Hiragana', 'Katakana'],
    ['Latin', 'Han', 'Bopomofo'],
    ['Latin', 'Han', 'Hangul'],
  ]);

const ofOneLanguage = writtenTogether.map((scripts) => {
  // Digits, punctuation and marks belong to no script, or to that of the letter before them.
  const allowed = [...scripts, 'Common', 'Inherited'].map((script) => `\\p{scx=${script}}`);
  return new RegExp(`^[${allowed.join('')}]*$`, 'u');
});

/**
 * The name by which others know a user. No two may look alike: characters that do not show are refused (controls, format
 * characters, blanks at the ends or in a row), and so are letters of scripts that no language mixes (UTS #39 section 5.2),
 * such as a Cyrillic "a" among Latin letters.
 */
const alias = label(64)
  .regex(/^[^\p{C}\p{Default_Ignorable_Code_Point}]*$/u)
  .regex(/^(?!\s)(?!.*\s(?:\s|$))/u)
  .refine((text) => ofOneLanguage.some((allowed) => allowed.test(text.normalize('NFKC'))), 'scripts are mixed');

export const accountFields = { email: emailAddress, fullName: label(200), alias };

/** Default roles of a new user. */
export const firstRoles: readonly string[] = ['user'];
export const firstGroups: readonly string[] = ['public'];

export const userEntry = z.object({
  id: z.string(),
  emails: z.array(z.string()),
  roles: z.array(z.string()),
  verified: z.boolean(),
  enabled: z.boolean(),
});
