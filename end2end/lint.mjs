// What browser tests must not contain: waits for time instead of events, tests that are not run, assertions in page objects.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'tests');
const rules = [
  { files: /\.ts$/, pattern: /waitForTimeout|networkidle/, reason: 'wait for what is expected, not for time' },
  { files: /\.spec\.ts$/, pattern: /setTimeout|setInterval/, reason: 'wait for what is expected, not for time' },
  { files: /\.spec\.ts$/, pattern: /\b(test|describe)\.(skip|fixme|only|slow)\b|retries/, reason: 'every test runs, once' },
  { files: /pages\.ts$/, pattern: /\bexpect\b/, reason: 'page objects say where things are; tests judge' },
  { files: /\.spec\.ts$/, pattern: /\.locator\(|\.\$\(/, reason: 'find things by role and label, in page objects' },
];

let faults = 0;
for (const file of readdirSync(folder, { recursive: true }).map(String)) {
  const applying = rules.filter((rule) => rule.files.test(file));
  if (applying.length === 0) continue;
  readFileSync(path.join(folder, file), 'utf8').split('\n').forEach((line, index) => {
    for (const { pattern, reason } of applying) {
      if (!pattern.test(line)) continue;
      console.error(`tests/${file}:${index + 1}: ${reason}: ${line.trim()}`);
      faults += 1;
    }
  });
}
process.exitCode = faults > 0 ? 1 : 0;
