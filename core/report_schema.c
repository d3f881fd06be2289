/* report_schema.c - see report_view.h: a JSON Schema of the report.
 *
 * Additions keep "schema": 1, so that what reads the report has to take members it does not know;
 * what is named here stays.
 */
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/report_view.h"

static json_t *typed(const char *type, const char *description)
{
	return json_pack("{s:s,s:s}", "type", type, "description", description);
}

/* A number or a text that may be unknown. */
static json_t *optional(const char *type, const char *description)
{
	return json_pack("{s:[s,s],s:s}", "type", type, "null", "description", description);
}

static json_t *object_of(json_t *properties, const char *description, json_t *required)
{
	json_t *object = json_pack("{s:s,s:o,s:s}", "type", "object", "properties", properties,
				   "description", description);
	if (required)
		json_object_set_new(object, "required", required);
	return object;
}

static json_t *list_of(json_t *items, const char *description)
{
	return json_pack("{s:s,s:o,s:s}", "type", "array", "items", items, "description",
			 description);
}

static json_t *status_schema(const char *description)
{
	return json_pack("{s:[s,s,s,s],s:s}", "enum", "pass", "warn", "fail", "skip", "description",
			 description);
}

static json_t *check_schema(void)
{
	json_t *check = json_object();
	json_object_set_new(check, "id",
			    json_pack("{s:s,s:i,s:s}", "type", "string", "minLength", 1,
				      "description", "stays what it is from version to version"));
	json_object_set_new(check, "stage", typed("string", "that looked; none: kvmhost itself"));
	json_object_set_new(check, "status", status_schema("skip: not applicable or not known"));
	json_object_set_new(check, "expected", typed("string", "what would pass"));
	json_object_set_new(check, "found",
			    typed("string", "what was found; of a skipped check the reason"));
	json_object_set_new(check, "why", typed("string", "why it matters"));
	json_object_set_new(check, "fix", typed("string", "what to do; empty: nothing"));
	json_object_set_new(check, "persisted",
			    typed("string", "settings only: the value at the next boot, and where "
					    "it is written"));
	json_object_set_new(check, "gap",
			    typed("string", "settings only: why effective differs from wanted"));
	return object_of(
		check, "one question about the host",
		json_pack("[s,s,s,s,s,s]", "id", "status", "expected", "found", "why", "fix"));
}

static json_t *program_schema(const char *description)
{
	return object_of(json_pack("{s:o,s:o,s:o}", "version",
				   optional("string", "null: installed, but of unknown version"),
				   "path", optional("string", "where it is"), "key",
				   optional("string", "of the artifact, when kvmhost built it")),
			 description, NULL);
}

static json_t *build_schema(void)
{
	return object_of(json_pack("{s:o,s:o,s:o,s:o,s:o}", "program", typed("string", "its name"),
				   "version", typed("string", "as it was built"), "made",
				   typed("string", "when, UTC"), "seconds",
				   optional("integer", "how long it took"), "installed",
				   typed("boolean", "it is what is installed")),
			 "what the store has", json_pack("[s,s]", "program", "version"));
}

static json_t *boot_schema(void)
{
	json_t *entry = object_of(
		json_pack("{s:o,s:o,s:o,s:o}", "title", typed("string", "in the menu"), "kind",
			  json_pack("{s:[s,s,s,s,s]}", "enum", "normal", "recovery", "fallback",
				    "trial", "other"),
			  "release", optional("string", "of its kernel"), "default",
			  typed("boolean", "it boots next unless something is chosen once")),
		"an entry of the menu", json_pack("[s,s,s]", "title", "kind", "default"));
	json_t *boot = json_pack("{s:o,s:o,s:o}", "entries", list_of(entry, "in their order"),
				 "running", optional("string", "the kernel that runs"), "once",
				 optional("string", "what GRUB takes for the next boot only"));
	json_object_set_new(boot, "trial",
			    json_pack("{s:[s,s],s:s}", "type", "object", "null", "description",
				      "a kernel or arguments on trial: of, state, "
				      "release, arguments, pinned, reason"));
	return object_of(boot, "what boots, in which order", NULL);
}

static json_t *cache_schema(void)
{
	return object_of(json_pack("{s:o,s:o,s:o,s:o}", "level", typed("integer", "1.."), "type",
				   typed("string", "Data, Instruction, Unified"), "size_kib",
				   optional("integer", "its size"), "cpus",
				   typed("string", "that share it: a list as 0-7,16")),
			 "a cache", NULL);
}

static json_t *topology_schema(void)
{
	json_t *core = object_of(
		json_pack("{s:o,s:o,s:o}", "id", typed("integer", "unique in its package"), "node",
			  optional("integer", "NUMA node"), "cpus",
			  list_of(json_pack("{s:s}", "type", "integer"), "its threads")),
		"a core", json_pack("[s,s]", "id", "cpus"));
	json_t *package = object_of(json_pack("{s:o,s:o}", "id", typed("integer", "socket"),
					      "cores", list_of(core, "by node, then by number")),
				    "a processor package", json_pack("[s,s]", "id", "cores"));
	return object_of(json_pack("{s:o,s:o}", "packages", list_of(package, "by number"), "caches",
				   list_of(cache_schema(), "each once")),
			 "processors and caches", NULL);
}

static json_t *machine_schema(void)
{
	json_t *machine = json_object();
	json_object_set_new(machine, "facts",
			    typed("object", "os, cpu, memory, net, disk, boot, pci: as `kvmhost "
					    "facts --json` gives them"));
	json_object_set_new(machine, "topology", topology_schema());
	json_object_set_new(machine, "boot", boot_schema());
	json_object_set_new(
		machine, "programs",
		object_of(json_pack("{s:o,s:o}", "qemu",
				    program_schema("the QEMU that runs guests"), "libvirt",
				    program_schema("the libvirt daemon")),
			  "what runs guests; a member is missing where none is installed", NULL));
	json_object_set_new(machine, "builds", list_of(build_schema(), "newest first"));
	json_object_set_new(machine, "bridge", optional("string", "name of the wanted bridge"));
	json_object_set_new(machine, "nested", optional("boolean", "guests can be hosts"));
	return object_of(machine, "the machine as it was seen", NULL);
}

static json_t *changes_schema(void)
{
	json_t *change = object_of(json_pack("{s:o,s:o,s:o}", "what",
					     typed("string", "a check's id, or a fact"), "before",
					     optional("string", "null: it was not there"), "now",
					     optional("string", "null: it is not there any more")),
				   "a difference", json_pack("[s,s,s]", "what", "before", "now"));
	return object_of(
		json_pack("{s:o,s:o,s:o,s:o,s:o}", "file", typed("string", "the earlier report"),
			  "time", optional("string", "when that was made"), "host",
			  typed("string", "whose it was"), "stages",
			  list_of(typed("string", "a stage"),
				  "where one of the two is of some stages only: those that both "
				  "cover; checks of others are not compared"),
			  "changes", list_of(change, "worst first")),
		"with --previous: what changed since", json_pack("[s,s]", "file", "changes"));
}

char *kh_report_schema_json(void)
{
	json_t *report = json_object();
	json_object_set_new(report, "schema", json_pack("{s:i}", "const", 1));
	json_object_set_new(report, "kvmhost", typed("string", "the version that made it"));
	json_object_set_new(report, "time", typed("string", "when, UTC: 2026-11-21T10:00:00Z"));
	json_object_set_new(report, "host", typed("string", "its name"));
	json_object_set_new(report, "verdict",
			    json_pack("{s:[s,s],s:s}", "enum", "ready", "not-ready", "description",
				      "ready: no check fails"));
	json_object_set_new(report, "stages",
			    list_of(typed("string", "a stage"),
				    "only with named stages: others were not looked at"));
	json_object_set_new(report, "checks", list_of(check_schema(), "in the order of work"));
	json_object_set_new(report, "machine", machine_schema());
	json_object_set_new(report, "previous", changes_schema());
	json_t *schema = object_of(report, "The readiness report of kvmhost, version 1.",
				   json_pack("[s,s,s,s]", "schema", "host", "verdict", "checks"));
	json_object_set_new(schema, "$schema",
			    json_string("http://json-schema.org/draft-07/schema#"));
	json_object_set_new(schema, "$id", json_string("urn:kvmhost:report:1"));
	json_object_set_new(schema, "title", json_string("kvmhost report"));
	kh_auto(kh_free) char *json = json_dumps(schema, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_decref(schema);
	return kh_printf("%s\n", json);
}
