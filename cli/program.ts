/** The tree of commands. Everything they do is one call of the typed client; what is here is words. */
import { Command } from 'commander';
import { packageVersion } from '../embedded/package-root.js';

type Register = (program: Command) => void;

/**
 * Commands in the order of the help, by the module that knows them. Only the module of the command that was called is loaded: Temporal's client
 * alone takes half a second, and `calculate` needs none of it.
 */
const MODULES: { commands: string[]; load: () => Promise<Register> }[] = [
  { commands: ['demo'], load: async () => (await import('./commands/demo.js')).registerDemo },
  { commands: ['up'], load: async () => (await import('./commands/up.js')).registerUp },
  { commands: ['model'], load: async () => (await import('./commands/model.js')).registerModel },
  { commands: ['append', 'targets', 'remove'], load: async () => (await import('./commands/append.js')).registerAppend },
  { commands: ['events', 'violations'], load: async () => (await import('./commands/data.js')).registerData },
  { commands: ['challenger'], load: async () => (await import('./commands/challenger.js')).registerChallenger },
  { commands: ['run', 'runs'], load: async () => (await import('./commands/run.js')).registerRun },
  { commands: ['results'], load: async () => (await import('./commands/results.js')).registerResults },
  { commands: ['rank', 'ranking'], load: async () => (await import('./commands/rank.js')).registerRank },
  { commands: ['compare'], load: async () => (await import('./commands/compare.js')).registerCompare },
  { commands: ['alerts'], load: async () => (await import('./commands/alerts.js')).registerAlerts },
  { commands: ['revisions'], load: async () => (await import('./commands/revisions.js')).registerRevisions },
  { commands: ['telemetry'], load: async () => (await import('./commands/telemetry.js')).registerTelemetry },
  { commands: ['incidents'], load: async () => (await import('./commands/incidents.js')).registerIncidents },
  { commands: ['decisions', 'decide'], load: async () => (await import('./commands/decisions.js')).registerDecisions },
  { commands: ['challenges', 'promote', 'rollback'], load: async () => (await import('./commands/challenges.js')).registerChallenges },
  { commands: ['verdict', 'gate', 'gates'], load: async () => (await import('./commands/verdict.js')).registerVerdict },
  { commands: ['retrain', 'retrainings'], load: async () => (await import('./commands/retraining.js')).registerRetraining },
  { commands: ['secret'], load: async () => (await import('./commands/secret.js')).registerSecret },
  { commands: ['notify'], load: async () => (await import('./commands/notify.js')).registerNotify },
  { commands: ['audit'], load: async () => (await import('./commands/audit.js')).registerAudit },
  { commands: ['report'], load: async () => (await import('./commands/report.js')).registerReport },
  { commands: ['calculate'], load: async () => (await import('./commands/calculate.js')).registerCalculate },
  { commands: ['run-config'], load: async () => (await import('./commands/run-config.js')).registerRunConfig },
  { commands: ['setup'], load: async () => (await import('./commands/setup.js')).registerSetup },
  { commands: ['serve'], load: async () => (await import('./commands/serve.js')).registerServe },
  { commands: ['worker'], load: async () => (await import('./commands/worker.js')).registerWorker },
  { commands: ['doctor'], load: async () => (await import('./commands/doctor.js')).registerDoctor },
];

/** @param called the command's name where it is known: then only that one is loaded */
export async function buildProgram(called?: string): Promise<Command> {
  const program = new Command('aftercare')
    .description('Durable monitoring for machine-learning models in production, on Temporal and Postgres')
    .version(packageVersion())
    .enablePositionalOptions()   // only before a command: `append loans file --version 2` must not answer with ours, and append nothing
    .showHelpAfterError("(add --help for what is possible)")
    .addHelpText('after', `
First steps:
  aftercare demo                                          see a real model monitored, from first inference to a decision
  aftercare up                                            start everything on this machine
  aftercare model create loans --reference ref.csv --target repaid
  aftercare append loans today.csv && aftercare run loans && aftercare results loans

Exit status: 0 done, 1 the answer is no, 2 wrong use or input.`);
  const wanted = MODULES.filter((module) => called !== undefined && module.commands.includes(called));
  for (const module of wanted.length > 0 ? wanted : MODULES) (await module.load())(program);
  overrideExits(program);
  return program;
}

/** Commander ends the process with 1 on wrong use; ours is 2, and it is decided in one place. */
function overrideExits(command: Command): void {
  command.exitOverride();
  for (const sub of command.commands) overrideExits(sub);
}
