/**
 * Ends what this process has started when this process itself vanishes (kill -9, out of memory): a tiny shell that waits on a pipe.
 * The pipe closes with its writer, whatever killed it. Without a shell (Windows) there is no guard, and the next start reaps instead.
 */
import { spawn, type ChildProcess } from 'node:child_process';

/*
 * Lines on standard input: `add PID` and `drop PID` (process groups), `bye` (an orderly end: nothing to do). $1: a folder to remove afterwards, or ''.
 * SIGINT is Postgres's fast shutdown and ends Temporal and workers; after 3 s SIGQUIT (Postgres: immediate), after 4 s SIGKILL.
 */
const SCRIPT = `
trap '' INT TERM HUP
groups=' '
while read -r verb pid; do
  case "$verb" in
    add) groups="$groups$pid " ;;
    drop) groups=$(printf '%s' "$groups" | sed "s/ $pid / /") ;;
    bye) exit 0 ;;
  esac
done
alive() { for g in $groups; do kill -s 0 -- "-$g" 2>/dev/null && return 0; done; return 1; }
send() { for g in $groups; do kill -s "$1" -- "-$g" 2>/dev/null; done; }
pause() { n=0; while [ "$n" -lt "$1" ] && alive; do sleep 0.1; n=$((n + 1)); done; }
send INT; pause 30; send QUIT; pause 10; send KILL; pause 5
if [ -n "$1" ]; then rm -rf -- "$1"; fi
`;

export class Guard {
  readonly #shell: ChildProcess | null;

  /** @param removeFolder a temporary folder of ours that goes with us; never data that somebody may want again */
  constructor(removeFolder = '') {
    if (process.platform === 'win32') {
      this.#shell = null;
      return;
    }
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'aftercare-guard', removeFolder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' });
    shell.on('error', () => undefined);
    shell.stdin.on('error', () => undefined);
    // It must not keep us alive.
    shell.unref();
    (shell.stdin as unknown as { unref?: () => void }).unref?.();
    this.#shell = shell;
  }

  get pid(): number | undefined {
    return this.#shell?.pid;
  }

  /** @param groupId process group that must not outlive us */
  add(groupId: number): void {
    this.#shell?.stdin?.write(`add ${groupId}\n`);
  }

  /** The group has ended: its number may soon belong to somebody else. */
  drop(groupId: number): void {
    this.#shell?.stdin?.write(`drop ${groupId}\n`);
  }

  /** Everything has been ended in order. */
  close(): void {
    this.#shell?.stdin?.end('bye\n');
  }
}
