/* fuzz_conf.c - files of the host that other programs own and kvmhost reads or edits, on any bytes.
 *
 * Built plainly it replays inputs (see tests/lib/replay.h); with -fsanitize=fuzzer -DKH_LIBFUZZER
 * it is a libFuzzer target. An input starts with a letter: m modprobe.d, t tmpfiles.d, u a profile
 * of tuned, l libvirt's qemu.conf, b a text with our block, g /etc/group, p packages that dpkg
 * lists,
 * k the indexes of a kernel's modules.
 * Editing twice is editing once, and every line of somebody else stays.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/block.h"
#include "core/kvm_probe.h"
#include "core/modprobe.h"
#include "core/modules.h"
#include "core/packages.h"
#include "core/sysctl.h"
#include "core/tmpfiles.h"
#include "stages/libvirt.h"
#include "tests/lib/fixture.h"
#include "tests/lib/replay.h"

/* ---- readers ---- */

static void try_modprobe(const char *text)
{
	struct kh_root nowhere = KH_ROOT_INIT;
	kh_auto(kh_modprobe_done) struct kh_modprobe modprobe = {0};
	kh_auto(kh_free) char *value = NULL;
	kh_modprobe_read(&nowhere, "/etc/modprobe.d/kvmhost.conf", text, &modprobe);
	for (size_t i = 0; i < modprobe.line_count; i++) {
		const struct kh_modprobe_line *line = &modprobe.lines[i];
		assert(line->line > 0 && line->command && line->rest && line->path);
	}
	kh_modprobe_blacklist(&modprobe, "kvm_intel");
	const struct kh_modprobe_line *line =
		kh_modprobe_option(&modprobe, "kvm_intel", "nested", &value);
	assert((line == NULL) == (value == NULL));
}

static void try_tmpfiles(struct fixture *f, const char *text)
{
	kh_auto(kh_tmpfiles_setting_done) struct kh_tmpfiles_setting setting = {0};
	fixture_put(f, "/etc/tmpfiles.d/a.conf", text);
	kh_tmpfiles_winner(&f->root, "/sys/kernel/mm/ksm/run", &setting);
	assert((setting.file == NULL) == (setting.value == NULL));
}

static void try_tuned(struct fixture *f, const char *text)
{
	fixture_link(f, "/etc/systemd/system/multi-user.target.wants/tuned.service",
		     "/usr/lib/systemd/system/tuned.service");
	fixture_put(f, "/etc/tuned/active_profile", text);
	fixture_put(f, "/usr/lib/tuned/virtual-host/tuned.conf", text);
	fixture_put(f, "/usr/lib/tuned/a/tuned.conf", text);
	free(kh_tuned_setter(&f->root, "vm.swappiness"));
	fixture_put(f, "/etc/tuned/active_profile", "a\n");
	free(kh_tuned_setter(&f->root, "vm.swappiness"));
}

static void try_group(struct fixture *f, const char *text)
{
	kh_auto(kh_kvm_probe_done) struct kh_kvm_probe probe = {0};
	fixture_put(f, "/etc/group", text);
	kh_kvm_probe_run(&f->root, &probe);
}

static void try_packages(struct fixture *f, const char *text)
{
	kh_auto(kh_packages_done) struct kh_packages packages = {0};
	fixture_put(f, "/var/lib/dpkg/status", text);
	kh_packages_read(&f->root, &packages);
}

/* libkmod reads the indexes: it is given what a damaged disk or a hostile image has. */
static void try_modules(struct fixture *f, const char *text, size_t length)
{
	static const char *const names[] = {"modules.dep.bin", "modules.alias.bin",
					    "modules.builtin.bin", "modules.symbols.bin"};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_modules *modules = NULL;
	fixture_put(f, "/lib/modules/6.1/modules.dep", "");
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/lib/modules/6.1/%s", f->path, names[i]);
		kh_auto(kh_fclose) FILE *file = fopen(path, "we");
		assert(file && fwrite(text, 1, length, file) == length);
	}
	if (kh_modules_open(&f->root, "6.1", &modules, &err) != 0)
		return;
	kh_modules_look(modules, "kvm_intel");
	kh_modules_has_parameter(modules, "kvm_intel", "nested");
	kh_modules_free(&modules);
}

/* ---- editors ---- */

static void try_qemu_conf(const char *text)
{
	int line = 0;
	kh_auto(kh_free) char *before = kh_libvirt_conf_get(text, "user", &line);
	kh_auto(kh_free) char *once = kh_libvirt_conf_set(text, "user", "libvirt-qemu");
	kh_auto(kh_free) char *twice = kh_libvirt_conf_set(once, "user", "libvirt-qemu");
	kh_auto(kh_free) char *after = kh_libvirt_conf_get(once, "user", NULL);
	assert(after && strcmp(after, "libvirt-qemu") == 0);
	assert(strcmp(once, twice) == 0);
}

static void try_block(const char *text)
{
	static const char lines[] = "one\ntwo\n";
	struct kh_block block = {0}, again = {0};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_block_find("/etc/x", text, &block, &err) != 0) {
		assert(err.message && err.code == KH_HOST);
		return;
	}
	kh_auto(kh_free) char *once = kh_block_put(text, &block, strlen(text), lines);
	assert(kh_block_find("/etc/x", once, &again, &err) == 0 && again.is_present);
	kh_auto(kh_free) char *twice = kh_block_put(once, &again, 0, lines);
	assert(strcmp(once, twice) == 0);
	kh_auto(kh_free) char *without = kh_block_put(once, &again, 0, "");
	if (!block.is_present && (!*text || text[strlen(text) - 1] == '\n'))
		assert(strcmp(without, text) == 0);
}

static void with_host(char letter, const char *text, size_t length)
{
	struct fixture f;
	fixture_open_empty(&f);
	if (letter == 't')
		try_tmpfiles(&f, text);
	else if (letter == 'u')
		try_tuned(&f, text);
	else if (letter == 'g')
		try_group(&f, text);
	else if (letter == 'p')
		try_packages(&f, text);
	else
		try_modules(&f, text, length);
	fixture_close(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	kh_auto(kh_free) char *text = kh_alloc(size);
	memcpy(text, data + 1, size - 1);
	if (data[0] == 'm')
		try_modprobe(text);
	else if (data[0] == 'l')
		try_qemu_conf(text);
	else if (data[0] == 'b')
		try_block(text);
	else if (strchr("tugpk", data[0]))
		with_host((char)data[0], text, size - 1);
	return 0;
}

#ifndef KH_LIBFUZZER

int main(int argc, char **argv)
{
	const struct replay replay = {.run = LLVMFuzzerTestOneInput,
				      .corpus = "tests/fuzz/corpus/conf",
				      .mutations = 600};
	return replay_main(&replay, argc, argv);
}

#endif
