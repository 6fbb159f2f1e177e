/** The schema of the suite's files, checked when they are read, so that a misspelled key cannot make a case pass. */
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const authenticatorFaults = z
  .strictObject({
    origin: z.string(),
    rpId: z.string(),
    userVerified: z.boolean(),
    counter: z.int(),
    synced: z.boolean(),
    crossOrigin: z.boolean(),
    userHandle: z.string(),
  })
  .partial();

const textMap = z.record(z.string(), z.string());

const simpleStep = z.union([
  z.strictObject({
    /** Method and path below `/api/auth/v2`; a path that starts with `=` is used unchanged. */
    request: z.string().regex(/^[A-Z]+ =?\/\S*$/),
    headers: textMap.default({}),
    /** Additional headers with these names and values. */
    again: textMap.default({}),
    bearer: z.string().optional(),
    pair: z.tuple([z.string(), z.string()]).optional(),
    json: z.unknown().optional(),
    /** A body that need not be JSON; variables are substituted. */
    text: z.string().optional(),
    expect: z.strictObject({
      status: z.int(),
      /** `<name>` stands for one of the runner's patterns, `-` for absence. */
      headers: textMap.default({}),
      /** Exactly this, with `<name>` for patterns. */
      body: z.unknown().optional(),
      /** The problem's code. */
      code: z.string().optional(),
      /** The problem's list of invalid parameters. */
      invalid: z.array(z.string()).optional(),
    }),
    /** Name of a variable to dotted path in the response body. */
    capture: textMap.default({}),
    times: z.int().min(1).default(1),
  }),
  /**
   * The newest mail to the address: its code, its id and a wrong code become variables `${as}`, `${as}ID`,
   * `${as}Wrong`; `${as}Number` is the code without leading zeros.
   */
  z.strictObject({ mail: z.string(), purpose: z.enum(['session', 'keypair', 'email']), as: z.string() }),
  z.strictObject({ noMail: z.string() }),
  z.strictObject({ welcome: z.string() }),
  /** The notices that the address got, in order. */
  z.strictObject({ noticesTo: z.string(), notices: z.array(z.string()) }),
  /** Signs in with the address; the bearer and the session's id become `${as}` and `${as}ID`. */
  z.strictObject({ signIn: z.string(), as: z.string() }),
  /** Creates a verified key pair: `${as}Key`, `${as}Secret`, `${as}ID`. */
  z.strictObject({ makePair: z.string(), as: z.string(), days: z.int().default(30) }),
  /**
   * An authenticator creates a passkey: `${as}` is the credential as JSON, `${as}Key` the authenticator's own state. `by`: with another
   * user's handle, or with an origin, flags and so on of its own.
   */
  z.strictObject({ createPasskey: z.string(), user: z.string(), as: z.string(), by: authenticatorFaults.default({}) }),
  /** It signs a challenge with this state: `${as}` is the credential as JSON. */
  z.strictObject({ signWith: z.string(), challenge: z.string(), as: z.string(), by: authenticatorFaults.default({}) }),
  /** Signs in with this state; the bearer becomes `${as}`. */
  z.strictObject({ passkeyIn: z.string(), as: z.string() }),
  /** Lets time pass. */
  z.strictObject({ advanceMs: z.int().min(1) }),
  /** What was published since the previous such step: kind and id. */
  z.strictObject({ revoked: z.array(z.string()) }),
]);

const step = z.union([simpleStep, z.strictObject({ repeat: z.int().min(2), steps: z.array(simpleStep).min(1) })]);

const conformanceCase = z.strictObject({
  name: z.string(),
  /** The requests are so unusual that a gateway in between responds to them itself, or changes them as it should. */
  direct: z.boolean().default(false),
  settings: z.strictObject({ selfRegistration: z.boolean(), revealUnknownEmail: z.boolean() }).partial().default({}),
  /** `repeat` runs its steps several times. */
  steps: z
    .array(step)
    .min(1)
    .transform((steps): SimpleStep[] =>
      steps.flatMap((item) =>
        'repeat' in item ? new Array<SimpleStep[]>(item.repeat).fill(item.steps).flat() : [item],
      ),
    ),
});

type SimpleStep = z.infer<typeof simpleStep>;
export type Step = SimpleStep;
export type RequestStep = Extract<Step, { request: string }>;
export type ConformanceCase = z.infer<typeof conformanceCase>;

/** Cases by the name of their file. */
export function readCases(): ReadonlyMap<string, readonly ConformanceCase[]> {
  const folder = new URL('.', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  return new Map(
    files
      .sort()
      .map((file) => [file, z.array(conformanceCase).parse(parse(readFileSync(new URL(file, folder), 'utf8')))]),
  );
}
