/**
 * Runs a program on Node 26, whatever Node runs this file: `node bin/node.cjs <arguments for node>`. Node 26 is the one
 * that runs already, if it is new enough, or the one of an npm package that came with the install. Every script of
 * package.json starts here, since not every npm puts that package's `node` on the PATH of scripts. CommonJS in plain
 * JavaScript, so that an old Node can read it.
 */
'use strict';

const { spawn } = require('node:child_process');
const { delimiter, dirname } = require('node:path');

const required = 26;
const running = process.versions.node;
const platform = `${process.platform}-${process.arch}`;
/** Names of the packages that bring Node (`optionalDependencies`), by platform. */
const packages = [`node-${platform}`, `node-bin-${platform}`];
/** Signals that end or reload a program; a terminal sends the others to the whole process group. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

/** Sockets that a service manager passed to this process, from descriptor 3 on (`sd_listen_fds`). */
const sockets = process.env.LISTEN_PID === String(process.pid) ? Number(process.env.LISTEN_FDS) || 0 : 0;

function run(args) {
  if (Number.parseInt(running, 10) < required) return runOn(installedNode(), args);
  // This process becomes the program: no second one stays in memory. That would close sockets.
  if (process.execve !== undefined && sockets === 0) process.execve(process.execPath, [process.execPath, ...args]);
  runOn(process.execPath, args);
}

function runOn(node, args) {
  if (node === null)
    return fail(`none came with the install (npm ci without --omit=optional brings it for ${platform})`);
  // What the program starts by the name of `node`, or by a first line that names it, is to run on the same one.
  const PATH = [dirname(node), process.env.PATH].filter(Boolean).join(delimiter);
  const child = spawn(node, args, { stdio: Array(3 + sockets).fill('inherit'), env: { ...process.env, PATH } });
  const parentWatch = process.env.npm_lifecycle_event === 'npx' ? endWithParent(child) : null;
  for (const signal of signals) {
    process.on(signal, () => {
      // A signal to the whole group also ends npx: the program must not get a second one.
      clearInterval(parentWatch);
      child.kill(signal);
    });
  }
  child.on('error', ({ code }) => fail(`the one of the install cannot start (${code}: ${node})`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** A signal that ends npx reaches only the shell that npx starts. `src/app/lifecycle.ts` does the same without this launcher. */
function endWithParent(child) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill('SIGTERM');
  }, 500);
  return timer.unref();
}

function installedNode() {
  for (const name of packages) {
    try {
      return require.resolve(`${name}/bin/node`);
    } catch {
      // The package of another platform, or none.
    }
  }
  return null;
}

function fail(why) {
  process.stderr.write(`rolegate needs Node ${required} or newer: this is Node ${running}, and ${why}\n`);
  process.exitCode = 2;
}

module.exports = { run };
if (require.main === module) run(process.argv.slice(2));
