#!/usr/bin/env node
/** Process entry. Plain enough for an old Node to run it and report why it cannot continue. */

const required = 26;
const version = Number.parseInt(process.versions.node, 10);
if (version < required) {
  process.stderr.write(`rolegate needs Node ${required} or newer; this is Node ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      // A reader that is gone, such as `head`, needs no more output; that is not an error of the command.
      if (error.code === 'EPIPE') return;
      process.stderr.write(`rolegate: the output cannot be written (${error.code ?? error.message})\n`);
      process.exit(1);
    });
  }
  const [{ run }, { ownArguments }] = await Promise.all([import('./cli/run.ts'), import('./cli/own-arguments.ts')]);
  const code = await run(ownArguments());
  // Output in a pipe waits for its reader, and would be cut off; the wait is bounded in case the reader does not read.
  const maxWaitMs = 2_000;
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) =>
        new Promise<void>((done) => {
          setTimeout(done, maxWaitMs).unref();
          stream.once('error', () => done());
          stream.write('', () => done());
        }),
    ),
  );
  // A second signal ends the process at once, regardless of what is still open.
  process.exit(code);
}

export {};
