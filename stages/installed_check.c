/* installed_check.c - see installed_check.h. */
#include "stages/installed_check.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/installed.h"
#include "platform/meson_build.h"

struct subject {
	const struct kh_context *context;
	struct kh_report *report;
	const char *program, *name, *wanted;
	const json_t *record; /* or NULL: nothing is installed */
};

static void add(const struct subject *subject, const char *what, enum kh_status status,
		const struct kh_check_text *text)
{
	kh_auto(kh_free) char *id = kh_printf("%s.%s", subject->program, what);
	kh_report_add(subject->report, id, status, text);
}

static bool is_recorded(const struct kh_context *context)
{
	return !context->root->is_live && !kh_root_exists(context->root, "/usr");
}

static void check_version(const struct subject *subject)
{
	const char *version = kh_json_get(json_object_get(subject->record, "about"), "version");
	bool is_any = strcmp(subject->wanted, "distro") == 0;
	bool is_wanted = subject->record && (is_any || strcmp(version, subject->wanted) == 0);
	kh_auto(kh_free) char *expected =
		is_any ? kh_printf("%s as it was built here", subject->name)
		       : kh_printf("%s %s as it was built here", subject->name, subject->wanted);
	kh_auto(kh_free) char *found = kh_printf("%s is installed", version);
	kh_auto(kh_free) char *fix =
		kh_printf("'kvmhost apply' builds and installs it; '%s: {version: none}' leaves it "
			  "to the distribution",
			  subject->program);
	struct kh_check_text text = {
		.expected = expected,
		.found = subject->record ? found : "it is not installed",
		.why = "the configuration chooses this version",
		.fix = is_wanted ? NULL : fix,
	};
	/* Nobody asked for a version, and none was built: the distribution's may serve. */
	enum kh_status status = is_wanted                    ? KH_PASS
				: is_any && !subject->record ? KH_WARN
							     : KH_FAIL;
	if (is_recorded(subject->context)) {
		text.found = "the programs of this host were not recorded";
		status = KH_SKIP;
	}
	add(subject, "version", status, &text);
}

static void check_files(const struct subject *subject)
{
	kh_auto(kh_strv_done) struct kh_strv changed = {0};
	kh_installed_check(subject->context->root, subject->record, false, &changed);
	const char *first = changed.count > 0 ? changed.items[0] : "";
	kh_auto(kh_free) char *found = changed.count == 0   ? kh_strdup("all are")
				       : changed.count == 1 ? kh_printf("%s is not", first)
							    : kh_printf("%s and %zu more are not",
									first, changed.count - 1);
	const struct kh_check_text text = {
		.expected = "the files are those that were installed",
		.found = found,
		.why = "what was built and verified is what runs",
		.fix = changed.count > 0 ? "'kvmhost apply' puts them back" : NULL,
	};
	add(subject, "files", changed.count > 0 ? KH_FAIL : KH_PASS, &text);
}

static void check_libraries(const struct subject *subject)
{
	kh_auto(kh_strv_done) struct kh_strv missing = {0};
	kh_meson_missing_libraries(subject->context->root,
				   json_object_get(subject->record, "about"), &missing);
	kh_auto(kh_free) char *names = kh_strv_join(&missing, ", ");
	kh_auto(kh_free) char *found = kh_printf("missing: %s", names);
	const struct kh_check_text text = {
		.expected = "the shared libraries it was built against",
		.found = missing.count > 0 ? found : "all are there",
		.why = "it does not start without them",
		.fix = missing.count > 0 ? "install the packages that have them" : NULL,
	};
	add(subject, "libraries", missing.count > 0 ? KH_FAIL : KH_PASS, &text);
}

const char *kh_installed_how(const char *wanted, const char *by_hand)
{
	return strcmp(wanted, "none") == 0 ? by_hand : "'kvmhost apply' builds and installs it";
}

void kh_installed_check_add(const struct kh_context *context, struct kh_report *report,
			    const char *program, const char *name, const char *wanted)
{
	if (strcmp(wanted, "none") == 0)
		return;
	json_t *record = kh_installed_read(context->root, program);
	const struct subject subject = {context, report, program, name, wanted, record};
	check_version(&subject);
	if (record) {
		check_files(&subject);
		check_libraries(&subject);
	}
	json_decref(record);
}
