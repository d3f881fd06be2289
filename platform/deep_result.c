/* deep_result.c - the kept result of the deep check, and what the report says of it.
 *
 * A result proves something for the kernel, QEMU and libvirt it was made with. With others it is
 * shown as what it is: old.
 */
#include <string.h>
#include <time.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/translate.h"
#include "core/installed.h"
#include "platform/deep.h"
#include "platform/deep_private.h"

static const char kept[] = "/var/lib/kvmhost/deep.json";

/* "Linux 6.1.0-30-amd64, QEMU 7.2, libvirt 9.0.0": what runs here now; owned. */
static char *versions(const struct kh_context *context)
{
	static const struct {
		const char *program, *name;
	} programs[] = {{"qemu", "QEMU"}, {"libvirt", "libvirt"}};
	struct kh_str text = {0};
	const char *release = context->facts->os.kernel_release;
	kh_str_addf(&text, "Linux %s", release ? release : KH_WORD("unknown"));
	for (size_t i = 0; i < KH_COUNT(programs); i++) {
		json_t *record = kh_installed_read(context->root, programs[i].program);
		const char *version = kh_json_get(json_object_get(record, "about"), "version");
		kh_str_addf(&text, ", %s %s", programs[i].name,
			    *version ? version : "of the distribution");
		json_decref(record);
	}
	return kh_str_take(&text);
}

int kh_deep_keep(const struct kh_context *context, bool is_good, const char *details,
		 struct kh_error *err)
{
	static const char directory[] = "/var/lib/kvmhost";
	const struct kh_file_state meta = {.type = KH_FILE_REGULAR, .mode = 0644};
	const struct kh_root *root = context->root;
	kh_auto(kh_free) char *with = versions(context);
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, details); /* what a program said becomes one line */
	kh_auto(kh_free) char *line = kh_strv_join(&lines, "; ");
	json_t *result =
		json_pack("{s:I, s:b, s:o, s:o}", "time", (json_int_t)time(NULL), "ok", is_good,
			  "details", kh_json_text(line), "versions", kh_json_text(with));
	kh_auto(kh_free) char *text = json_dumps(result, JSON_INDENT(2));
	json_decref(result);
	if (!kh_root_is_dir(root, directory) && kh_file_make_dir(root, directory, 0755, err) != 0)
		return -1;
	return kh_file_put(root, kept, text, strlen(text), &meta, err);
}

char *kh_deep_age(long long seconds)
{
	static const struct {
		long long seconds;
		const char *name;
	} units[] = {{86400, KH_WORD("day")}, {3600, KH_WORD("hour")}, {60, KH_WORD("minute")}};
	for (size_t i = 0; i < KH_COUNT(units); i++) {
		long long count = seconds / units[i].seconds;
		if (count > 0)
			return kh_printf("%lld %s%s ago", count, units[i].name,
					 count == 1 ? "" : "s");
	}
	return kh_strdup("just now");
}

/* The kept result, if it is whole. A new reference. */
static json_t *read_result(const struct kh_root *root)
{
	kh_auto(kh_free) char *text = kh_root_text(root, kept);
	json_t *result = text ? json_loads(text, 0, NULL) : NULL;
	if (json_is_integer(json_object_get(result, "time")) &&
	    json_is_boolean(json_object_get(result, "ok")))
		return result;
	json_decref(result);
	return NULL;
}

static void add(struct kh_report *report, enum kh_status status, const char *found, const char *fix)
{
	const struct kh_check_text text = {
		.expected = "a guest boots under KVM, through libvirt",
		.found = found,
		.why = "only a guest that ran proves that kernel, QEMU and libvirt fit together",
		.fix = fix,
	};
	kh_report_add(report, "guest.boots", status, &text);
}

void kh_deep_check(const struct kh_context *context, const char *reason, struct kh_report *report)
{
	json_t *result = read_result(context->root);
	kh_auto(kh_free) char *now = versions(context);
	kh_auto(kh_free) char *found = NULL;
	if (!result || reason) {
		found = reason ? kh_printf("cannot be tried: %s", reason)
			       : kh_strdup("never tried on this host");
		add(report, KH_SKIP, found, reason ? NULL : "'kvmhost report --deep' tries it");
		json_decref(result);
		return;
	}
	long long then = json_integer_value(json_object_get(result, "time"));
	bool is_good = json_is_true(json_object_get(result, "ok"));
	const char *with = kh_json_get(result, "versions");
	bool is_same = strcmp(with, now) == 0;
	kh_auto(kh_free) char *age = kh_deep_age((long long)time(NULL) - then);
	found = kh_printf("%s, %s (%s)", kh_json_get(result, "details"), age, with);
	add(report,
	    !is_good   ? KH_FAIL
	    : !is_same ? KH_WARN
		       : KH_PASS,
	    found,
	    !is_good   ? "see 'journalctl -u libvirtd -u virtqemud' and /var/log/libvirt/qemu; "
			 "'kvmhost report --deep' tries again"
	    : !is_same ? "since then versions changed: 'kvmhost report --deep' tries again"
		       : NULL);
	json_decref(result);
}
