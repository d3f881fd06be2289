/* guard_install.c - planning the guard: program, record, service. See guard.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/template.h"
#include "net/guard.h"

static const char unit_path[] = "/etc/systemd/system/kvmhost-guard.service";
static const char unit_link[] = "/etc/systemd/system/multi-user.target.wants/kvmhost-guard.service";
static const char script_path[] = "/etc/init.d/kvmhost-guard";
static const char guard_why[] =
	"the guard puts the old network back when the new one does not answer";

const char *kh_guard_program_source = "/proc/self/exe";

/* ---- the record ---- */

static const struct kh_net_file *file_of(const struct kh_net_record *record, const char *path)
{
	for (size_t i = 0; record && i < record->file_count; i++)
		if (strcmp(record->files[i].path, path) == 0)
			return &record->files[i];
	return NULL;
}

static int record_file(const struct kh_root *root, const struct kh_net_edit *edit,
		       const struct kh_net_file *old, bool keep_before, struct kh_net_file *file,
		       struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state now = {0};
	if (kh_file_look(root, edit->path, &now, err) != 0)
		return -1;
	if (now.type != KH_FILE_ABSENT && now.type != KH_FILE_REGULAR) {
		kh_fail(err, KH_HOST, 0, "'%s' is not a regular file", edit->path);
		return kh_hint(err, "the guard could not put it back: make it a plain file");
	}
	if (now.content && strlen(now.content) != now.length)
		return kh_fail(err, KH_HOST, 0, "'%s' is not text", edit->path);
	bool from_old = old && keep_before;
	file->path = kh_strdup(edit->path);
	file->mode = from_old ? old->mode : now.mode;
	file->uid = from_old ? old->uid : now.uid;
	file->gid = from_old ? old->gid : now.gid;
	file->before = kh_strdup(from_old ? old->before : now.content);
	file->base = kh_strdup(old ? old->base : now.content);
	if (edit->content)
		kh_digest_bytes(edit->content, strlen(edit->content), file->written);
	return 0;
}

int kh_guard_record_files(const struct kh_root *root, const struct kh_net_answer *answer,
			  const struct kh_net_record *base, bool keep_before,
			  struct kh_net_record *record, struct kh_error *err)
{
	for (size_t i = 0; i < answer->edit_count; i++) {
		const struct kh_net_edit *edit = &answer->edits[i];
		struct kh_net_file *file = kh_append(record->files, record->file_count);
		if (record_file(root, edit, file_of(base, edit->path), keep_before, file, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- the program ---- */

static int read_program(char **ret_bytes, size_t *ret_length, struct kh_error *err)
{
	kh_auto(kh_close) int fd = open(kh_guard_program_source, O_RDONLY | O_CLOEXEC);
	struct stat status;
	if (fd < 0 || fstat(fd, &status) != 0)
		return kh_fail(err, KH_SYSTEM, errno, "read '%s'", kh_guard_program_source);
	size_t size = (size_t)status.st_size, done = 0;
	kh_auto(kh_free) char *bytes = kh_alloc(size + 1);
	while (done < size) {
		ssize_t got = read(fd, bytes + done, size - done);
		if (got <= 0)
			return kh_fail(err, KH_SYSTEM, got < 0 ? errno : EIO, "read '%s'",
				       kh_guard_program_source);
		done += (size_t)got;
	}
	*ret_bytes = kh_take(bytes);
	*ret_length = size;
	return 0;
}

/* An installed program is used as it is; otherwise this one is put where it stays. */
int kh_guard_plan_program(struct kh_plan *plan, const char *why, const char **ret_path,
			  struct kh_error *err)
{
	static const char *const places[] = {"/usr/local/sbin/kvmhost", "/usr/sbin/kvmhost", NULL};
	const char *found = kh_root_find_program(plan->root, places);
	*ret_path = found ? found : places[0];
	if (found || kh_plan_has(plan, places[0]))
		return 0;
	kh_auto(kh_free) char *bytes = NULL;
	size_t length = 0;
	if (read_program(&bytes, &length, err) != 0)
		return -1;
	return kh_plan_put_bytes(plan, places[0], bytes, length, 0755, why, err);
}

/* ---- the service ---- */

static int plan_from_template(struct kh_plan *plan, const char *path, const char *program,
			      mode_t mode, struct kh_error *err)
{
	const struct kh_template_value values[] = {{"PROGRAM", program}, {NULL, NULL}};
	kh_auto(kh_free) char *source = kh_printf("%s.in", path + 1);
	kh_auto(kh_free) char *text = NULL;
	if (kh_template_fill(plan->root, source, values, &text, err) != 0)
		return -1;
	return kh_plan_put_file(plan, path, text, mode, guard_why, err);
}

/* Without systemd: a script of System V init, started last in the run levels that have a network.
 */
static int plan_script(struct kh_plan *plan, const char *program, struct kh_error *err)
{
	if (plan_from_template(plan, script_path, program, 0755, err) != 0)
		return -1;
	for (int level = 2; level <= 5; level++) {
		kh_auto(kh_free) char *link = kh_printf("/etc/rc%d.d/S99kvmhost-guard", level);
		if (kh_plan_link(plan, link, "../init.d/kvmhost-guard", guard_why, err) != 0)
			return -1;
	}
	return 0;
}

int kh_guard_plan(struct kh_plan *plan, bool has_systemd, const struct kh_net_record *record,
		  struct kh_error *err)
{
	const char *program = NULL;
	if (kh_guard_plan_program(plan, "the guard runs it at the next boot", &program, err) != 0)
		return -1;
	if (record) {
		kh_auto(kh_free) char *text = kh_net_record_text(record);
		if (kh_plan_put_file(plan, kh_net_record_path, text, 0600,
				     "the guard's way back: every network file as it is now",
				     err) != 0)
			return -1;
	}
	if (!has_systemd)
		return plan_script(plan, program, err);
	if (plan_from_template(plan, unit_path, program, 0644, err) != 0)
		return -1;
	return kh_plan_link(plan, unit_link, unit_path, guard_why, err);
}
