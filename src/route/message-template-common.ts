/**
 * The helpers that templates written for Postee import as `data.postee`, by the names and with the results that they count
 * on.
 */
export const commonModule: Readonly<Record<string, string>> = {
  "postee/common.rego": `package postee

# One of two texts.
by_flag(yes, _, flag) = yes { flag }
by_flag(_, no, false) = no

# One of two columns.
duplicate(first, _, 1) = first
duplicate(_, second, 2) = second

# The smaller number.
clamp(x, limit) = min([x, limit])

# The items of lists as one list.
flat_array(lists) = [item | item := lists[_][_]]

# A member, unless it is absent or false.
with_default(from, key, _) = from[key] { from[key] }
with_default(from, key, fallback) = fallback { not from[key] }
`,
};
