#!/usr/bin/env node
/** The command of the installed package: the built program, on the Node that came with it. */
'use strict';

const { join } = require('node:path');
const { run } = require('./node.cjs');

// Compiled code lies beside the program, and only those write it who could change the program as well. Elsewhere nothing is written.
process.env.NODE_COMPILE_CACHE ??= join(__dirname, '../dist/code');
run([join(__dirname, '../dist/main.js'), ...process.argv.slice(2)]);
