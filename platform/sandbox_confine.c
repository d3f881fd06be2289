/* sandbox_confine.c - see sandbox_start.h: where a step may write.
 *
 * All builds are of one account, and what one of them runs is not to change what another is made
 * of: its objects, and the sources, which belong to that account since it unpacked them. So a step
 * may read what its account may, and write below the directories of its own build only; beside
 * these, where any program of a host writes. Before its second version Landlock allows no rename
 * into another directory, which builds live on: there the step goes without.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/landlock.h"
#include "core/base/mem.h"
#include "platform/sandbox_start.h"

static uint64_t all_changes(long version)
{
	uint64_t reads = KH_LANDLOCK_EXECUTE | KH_LANDLOCK_READ_FILE | KH_LANDLOCK_READ_DIR;
	uint64_t changes = (KH_LANDLOCK_FIRST & ~reads) | KH_LANDLOCK_REFER;
	return version >= 3 ? changes | KH_LANDLOCK_TRUNCATE : changes;
}

/* A directory that is not there has nothing to be written in. */
static void allow(int rules, const char *directory, uint64_t access)
{
	kh_auto(kh_close) int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct kh_landlock_path_beneath beneath = {.allowed_access = access, .parent_fd = fd};
	if (fd >= 0)
		syscall(KH_LANDLOCK_ADD_RULE, rules, KH_LANDLOCK_PATH_BENEATH, &beneath, 0);
}

void kh_sandbox_confine(const struct kh_sandbox *sandbox)
{
	static const char *const anybodys[] = {"/tmp", "/var/tmp", "/dev/shm"};
	long version = syscall(KH_LANDLOCK_CREATE, NULL, 0, KH_LANDLOCK_VERSION);
	if (sandbox->writable.count == 0 || version < 2)
		return;
	uint64_t changes = all_changes(version);
	struct kh_landlock_ruleset ruleset = {.handled_access_fs = changes};
	kh_auto(kh_close) int rules =
		(int)syscall(KH_LANDLOCK_CREATE, &ruleset, sizeof(ruleset.handled_access_fs), 0);
	if (rules < 0)
		return;
	for (size_t i = 0; i < sandbox->writable.count; i++)
		allow(rules, sandbox->writable.items[i], changes);
	for (size_t i = 0; i < KH_COUNT(anybodys); i++)
		allow(rules, anybodys[i], changes);
	uint64_t in_place = (KH_LANDLOCK_WRITE_FILE | KH_LANDLOCK_TRUNCATE) & changes;
	allow(rules, "/dev", in_place);
	allow(rules, "/proc", in_place);
	syscall(KH_LANDLOCK_RESTRICT_SELF, rules, 0);
}
