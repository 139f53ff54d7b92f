/** Processes of the benchmark's own: load, receivers and delay servers must not share a thread with what they measure. */
import { fork } from "node:child_process";
import { once } from "node:events";

/** A process that answers questions; disposing it is `kill -9`, and it ends by itself when we do. */
export interface Helper<Question, Answer> extends AsyncDisposable {
  ask(question: Question): Promise<Answer>;
}

interface Numbered {
  readonly number: number;
}

type Reply<Answer> = Numbered & ({ readonly answer: Answer } | { readonly error: string });

/** Starts a script that calls `serveParent`. */
export function startHelper<Question, Answer>(script: URL): Helper<Question, Answer> {
  const child = fork(script, { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const pending = new Map<number, PromiseWithResolvers<Answer>>();
  let last = 0;
  child.on("message", (reply: Reply<Answer>) => {
    const waiting = pending.get(reply.number);
    pending.delete(reply.number);
    if ("answer" in reply) waiting?.resolve(reply.answer);
    else waiting?.reject(new Error(reply.error));
  });
  const ended = once(child, "exit");
  child.once("exit", () => {
    for (const { reject } of pending.values()) reject(new Error(`${script.pathname} has ended`));
  });
  return {
    ask(question) {
      last += 1;
      const answer = Promise.withResolvers<Answer>();
      pending.set(last, answer);
      child.send({ number: last, question });
      return answer.promise;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** The helper's end: answers each question of the process that started it. */
export function serveParent(answer: (question: never) => unknown): void {
  process.on("message", ({ number, question }: Numbered & { readonly question: never }) => {
    void reply(number, async () => answer(question));
  });
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
}

async function reply(number: number, answer: () => Promise<unknown>): Promise<void> {
  try {
    process.send?.({ number, answer: await answer() });
  } catch (error) {
    process.send?.({ number, error: error instanceof Error ? error.message : String(error) });
  }
}
