import { anyOf } from "../../model/registry.ts";
import type { ActionType } from "../action-type.ts";
import { email } from "./email.ts";
import { exec } from "./exec.ts";
import { http } from "./http.ts";
import { opsgenie } from "./opsgenie.ts";
import { pagerduty } from "./pagerduty.ts";
import { slack } from "./slack.ts";
import { stdout } from "./stdout.ts";
import { teams } from "./teams.ts";
import { webhook } from "./webhook.ts";

/** Every type of action. To add one: a file here, its test, its page in docs/actions/, and its name in this list. */
export const actionTypes = [slack, teams, email, pagerduty, opsgenie, webhook, http, exec, stdout] as const;

/** The schema of one entry of `actions:`. */
export const actionSettings = anyOf(actionTypes);

export const actionTypeByName: ReadonlyMap<string, ActionType> = new Map(
  actionTypes.map((type): [string, ActionType] => [type.name, type]),
);
