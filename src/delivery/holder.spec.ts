import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isGone, newHolder } from './holder.js';

describe('the name of a holder', () => {
  it('tells a process that is gone from one that lives, where processes can be seen', async () => {
    const mine = newHolder();
    expect(isGone(mine)).toBe(false);
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const theirs = mine.replace(`/${process.pid}/`, `/${child.pid}/`);
    expect(isGone(theirs)).toBe(process.platform === 'linux');
  });

  it('is never taken for gone when it is from another machine, another container, or of another form', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    expect(isGone(`another-boot:4026531836/${child.pid}/x`)).toBe(false);
    expect(isGone('instance 1')).toBe(false);
    expect(isGone(newHolder().replace(`/${process.pid}/`, '/not a number/'))).toBe(false);
  });
});
