/** `npm run fuzz -- --minutes 10`: fuzzes the running gateway; exit 1 when something is wrong. */
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';

const usage = `Usage: npm run fuzz -- [options]
  --minutes N   how long (default 1)
  --seed N      repeats the cases of an earlier run (default: random)
  --from N      begins with case N of the seed
  --cases N     plays N cases at most`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    from: { type: 'string', default: '0' },
    cases: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const minutes = Number(values.minutes);
if (![seed, minutes, Number(values.from), Number(values.cases ?? 1)].every(Number.isFinite)) {
  console.error(usage);
  process.exit(2);
}
console.log(`seed ${seed}, ${minutes} min`);
const report = await fuzz({
  seconds: minutes * 60,
  seed,
  from: Number(values.from),
  ...(values.cases === undefined ? {} : { cases: Number(values.cases) }),
  progress: (line) => console.log(line),
});
for (const { index, what, bytes } of report.problems) {
  console.log(
    `\ncase ${index}: ${what}\n${bytes}\nagain: npm run fuzz -- --seed ${seed} --from ${Math.max(0, index - 5)} --cases 6`,
  );
}
console.log(
  `\n${report.cases} cases (${report.wellFormed} well-formed), ${report.forwarded} requests forwarded, answers by status: ${JSON.stringify(report.answers)}\n` +
    `${report.problems.length} problems, seed ${seed}`,
);
process.exit(report.problems.length === 0 ? 0 : 1);
