import { parseArgs } from "node:util";
import { playDemo } from "../demo/play.ts";
import { scenes } from "../demo/scenes.ts";
import { stdoutScreen } from "../demo/screen.ts";
import { untilSignal } from "./signals.ts";

const interruptedCode = 130;

/** `crosscheck demo`: the whole story on this machine. 0 if each verdict is the one that it should be. */
export async function demo(args: string[]): Promise<number> {
  parseArgs({ args, options: {} });
  const stop = new AbortController();
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
    stop.abort(new Error("interrupted"));
  };
  void untilSignal().then(interrupt);
  process.once("SIGHUP", interrupt);
  // A reader that has gone, as in `crosscheck demo | head`.
  process.stdout.on("error", (error) => {
    stop.abort(error);
  });
  try {
    return (await playDemo(scenes, stdoutScreen(), stop.signal)) ? 0 : 1;
  } catch (error) {
    // Ctrl-C reaches the demo's processes as well, and they may end before we know why.
    if (!interrupted) throw error;
    process.stderr.write("\ncrosscheck: stopped; its processes and its folder are gone\n");
    return interruptedCode;
  }
}
