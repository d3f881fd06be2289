/* member.c - see member.h. */
#include "fetch/member.h"

#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/mem.h"
#include "core/base/str.h"

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if (is_control(*text))
			return true;
	return false;
}

char *kh_member_shown(const char *text)
{
	struct kh_str shown = {0};
	for (; *text; text++) {
		if (is_control(*text))
			kh_str_addf(&shown, "\\x%02x", (unsigned char)*text);
		else
			kh_str_add_bytes(&shown, text, 1);
	}
	return kh_str_take(&shown);
}

static int refuse(struct kh_error *err, const char *name, const char *reason)
{
	kh_auto(kh_free) char *shown = kh_member_shown(name);
	return kh_fail(err, KH_HOST, 0, "member '%.300s': %s", shown, reason);
}

/* Why a component may not be in a name, or NULL. */
static const char *fault_of(const char *part, size_t length, size_t depth)
{
	if (length == 2 && strncmp(part, "..", 2) == 0)
		return "'..' in its name";
	if (length > KH_MEMBER_NAME_BYTES)
		return "a name of more than 255 bytes";
	return depth > KH_MEMBER_DEPTH ? "nested more than 64 deep" : NULL;
}

int kh_member_clean(const char *name, char **ret_path, struct kh_error *err)
{
	kh_auto(kh_str_done) struct kh_str path = {0};
	if (!name[0])
		return refuse(err, name, "it has no name");
	if (name[0] == '/')
		return refuse(err, name, "an absolute name");
	if (has_control(name))
		return refuse(err, name, "control characters in its name");
	if (strlen(name) > KH_MEMBER_PATH_BYTES)
		return refuse(err, name, "a name of more than 4000 bytes");
	size_t depth = 0;
	for (const char *at = name; *at;) {
		size_t length = strcspn(at, "/");
		bool is_void = length == 0 || (length == 1 && at[0] == '.');
		const char *fault = is_void ? NULL : fault_of(at, length, ++depth);
		if (fault)
			return refuse(err, name, fault);
		if (!is_void) {
			kh_str_add(&path, path.length > 0 ? "/" : "");
			kh_str_add_bytes(&path, at, length);
		}
		at += length + (at[length] == '/');
	}
	*ret_path = kh_str_take(&path);
	return 0;
}

static size_t count_slashes(const char *path)
{
	size_t count = 0;
	for (; *path; path++)
		count += *path == '/';
	return count;
}

int kh_member_check_link(const char *path, const char *target, bool *ret_leaves_top,
			 struct kh_error *err)
{
	size_t depth = count_slashes(path); /* directories above the link */
	bool has_name = false, leaves_top = depth == 0;
	if (target[0] == '/' || !target[0])
		return refuse(err, path, "a link that leads out of the tree");
	if (has_control(target) || strlen(target) > KH_MEMBER_PATH_BYTES)
		return refuse(err, path, "a link whose target is no sensible name");
	for (const char *at = target; *at;) {
		size_t length = strcspn(at, "/");
		bool is_up = length == 2 && strncmp(at, "..", 2) == 0;
		if (is_up && has_name)
			return refuse(err, path, "a link with '..' after a name in its target");
		if (is_up && depth == 0)
			return refuse(err, path, "a link that leads out of the tree");
		depth -= is_up;
		leaves_top |= depth == 0;
		has_name |= !is_up && length > 0 && !(length == 1 && at[0] == '.');
		at += length + (at[length] == '/');
	}
	*ret_leaves_top = leaves_top;
	return 0;
}

static int read_type(struct archive_entry *entry, struct kh_member *member, struct kh_error *err)
{
	mode_t mode = archive_entry_perm(entry), type = archive_entry_filetype(entry);
	if (archive_entry_hardlink(entry)) {
		member->type = KH_MEMBER_HARDLINK;
		return kh_member_clean(archive_entry_hardlink(entry), &member->target, err);
	}
	if (type == AE_IFLNK) {
		member->type = KH_MEMBER_SYMLINK;
		const char *target = archive_entry_symlink(entry);
		member->target = kh_strdup(target ? target : "");
		return kh_member_check_link(member->path, member->target, &member->leaves_top, err);
	}
	if (type != AE_IFREG && type != AE_IFDIR)
		return refuse(err, member->path, "a device, pipe or socket");
	if (mode & (S_ISUID | S_ISGID))
		return refuse(err, member->path, "it is setuid or setgid");
	member->type = type == AE_IFREG ? KH_MEMBER_FILE : KH_MEMBER_DIR;
	member->mode = type == AE_IFDIR || (mode & S_IXUSR) ? 0755 : 0644;
	return 0;
}

int kh_member_read(struct archive_entry *entry, struct kh_member *ret_member, struct kh_error *err)
{
	kh_auto(kh_member_done) struct kh_member member = {0};
	const char *name = archive_entry_pathname(entry);
	if (kh_member_clean(name ? name : "", &member.path, err) != 0 ||
	    read_type(entry, &member, err) != 0)
		return -1;
	if (member.path[0] == '\0' && member.type != KH_MEMBER_DIR)
		return refuse(err, name, "it has no name");
	if (member.type == KH_MEMBER_FILE)
		member.size_bytes = archive_entry_size(entry);
	if (member.size_bytes < 0)
		return refuse(err, member.path, "a negative size");
	if (archive_entry_mtime(entry) > 0)
		member.changed = (struct timespec){archive_entry_mtime(entry),
						   archive_entry_mtime_nsec(entry)};
	*ret_member = member;
	member = (struct kh_member){0};
	return 0;
}

void kh_member_done(struct kh_member *member)
{
	kh_free(&member->path);
	kh_free(&member->target);
}
