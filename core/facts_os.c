/* facts_os.c - see facts_os.h. */
#include "core/facts_os.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/facts_text.h"

/* ---- os-release(5) ---- */

/* A value as a shell would read it: quotes off, backslashes taken. */
static char *unquote(struct kh_slice value)
{
	char quote = value.length > 0 ? *value.start : '\0';
	bool is_quoted = value.length >= 2 && (quote == '"' || quote == '\'') &&
			 value.start[value.length - 1] == quote;
	if (is_quoted)
		value = (struct kh_slice){value.start + 1, value.length - 2};
	kh_auto(kh_str_done) struct kh_str plain = {0};
	for (size_t i = 0; i < value.length; i++) {
		bool is_escape = value.start[i] == '\\' && !(is_quoted && quote == '\'');
		if (is_escape && i + 1 < value.length)
			i++;
		kh_str_add_bytes(&plain, value.start + i, 1);
	}
	return kh_str_take(&plain);
}

void kh_facts_os_parse_release(const char *os_release, struct kh_facts_os *os)
{
	const struct {
		const char *key;
		char **text;
	} wanted[] = {
		{"ID", &os->id},
		{"ID_LIKE", &os->id_like},
		{"VERSION_ID", &os->version_id},
		{"PRETTY_NAME", &os->name},
	};
	struct kh_slice line, key, value;
	while (kh_slice_next_line(&os_release, &line)) {
		if (!kh_slice_split(line, '=', &key, &value))
			continue;
		for (size_t i = 0; i < KH_COUNT(wanted); i++) {
			if (!kh_slice_is(key, wanted[i].key))
				continue;
			free(*wanted[i].text);
			*wanted[i].text = unquote(value);
		}
	}
}

static void collect_release(const struct kh_root *root, struct kh_facts_os *os)
{
	kh_auto(kh_free) char *etc = kh_root_text(root, "/etc/os-release");
	kh_auto(kh_free) char *usr = etc ? NULL : kh_root_text(root, "/usr/lib/os-release");
	if (etc || usr)
		kh_facts_os_parse_release(etc ? etc : usr, os);
	else /* before os-release: "CentOS release 6.10 (Final)" */
		os->name = kh_root_line(root, "/etc/redhat-release");
}

/* ---- what machine this is ---- */

/* e_machine of a program's ELF header as uname(2) calls it, or NULL. Source: elf(5). */
static const char *program_machine(const struct kh_root *root, const char *path)
{
	kh_auto(kh_close) int fd = kh_root_open_file(root, path, O_RDONLY);
	Elf64_Ehdr header;
	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
		return NULL;
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return NULL;
	switch (header.e_machine) {
	case EM_X86_64:
		return "x86_64";
	case EM_386:
		return "i686";
	case EM_AARCH64:
		return "aarch64";
	}
	return NULL;
}

static char *find_machine(const struct kh_root *root)
{
	static const char *const programs[] = {"/bin/sh", "/usr/bin/bash", "/sbin/init",
					       "/usr/bin/env"};
	if (root->is_live) {
		struct utsname name;
		return uname(&name) == 0 ? kh_strdup(name.machine) : NULL;
	}
	char *arch = kh_root_line(root, "/proc/sys/kernel/arch");
	const char *machine = NULL;
	for (size_t i = 0; !arch && !machine && i < KH_COUNT(programs); i++)
		machine = program_machine(root, programs[i]);
	return arch ? arch : kh_strdup(machine);
}

/* Only of the machine we run on. Source: systemd "Container Interface"; Docker and Podman leave the
 * two files. */
static bool find_container(const struct kh_root *root)
{
	static const char *const marks[] = {"/run/systemd/container", "/.dockerenv",
					    "/run/.containerenv"};
	if (!root->is_live)
		return false;
	for (size_t i = 0; i < KH_COUNT(marks); i++)
		if (kh_root_exists(root, marks[i]))
			return true;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *environment = NULL;
	size_t length = 0;
	if (kh_root_read(root, "/proc/1/environ", &environment, &length, &ignored) != 0)
		return false;
	for (size_t at = 0; at < length; at += strlen(environment + at) + 1)
		if (kh_str_starts(environment + at, "container="))
			return true;
	return false;
}

/* ---- the rest ---- */

static void collect_modules(const struct kh_root *root, struct kh_facts_os *os)
{
	kh_auto(kh_free) char *text = kh_root_text(root, "/proc/modules");
	const char *cursor = text ? text : "";
	struct kh_slice line, name;
	while (kh_slice_next_line(&cursor, &line))
		if (kh_slice_next_word(&line, &name))
			kh_strv_add_owned(&os->loaded_modules, kh_slice_dup(name));
}

static char *find_hostname(const struct kh_root *root)
{
	char *running = kh_root_line(root, "/proc/sys/kernel/hostname");
	return running ? running : kh_root_line(root, "/etc/hostname");
}

void kh_facts_os_collect(const struct kh_root *root, struct kh_facts_os *ret_os)
{
	static const char *const systemd[] = {"/usr/lib/systemd/systemd", "/lib/systemd/systemd",
					      NULL};
	*ret_os = (struct kh_facts_os){0};
	collect_release(root, ret_os);
	collect_modules(root, ret_os);
	ret_os->hostname = find_hostname(root);
	ret_os->kernel_release = kh_root_line(root, "/proc/sys/kernel/osrelease");
	ret_os->machine = find_machine(root);
	ret_os->boot_id = kh_root_line(root, "/proc/sys/kernel/random/boot_id");
	ret_os->has_systemd = kh_root_find_program(root, systemd);
	ret_os->is_booted = ret_os->kernel_release || kh_root_exists(root, "/proc/meminfo");
	ret_os->is_container = find_container(root);
	ret_os->kernel_config = kh_kernel_config_open(root, ret_os->kernel_release);
}

void kh_facts_os_done(struct kh_facts_os *os)
{
	free(os->id);
	free(os->id_like);
	free(os->version_id);
	free(os->name);
	free(os->hostname);
	free(os->kernel_release);
	free(os->machine);
	free(os->boot_id);
	kh_strv_done(&os->loaded_modules);
	kh_kernel_config_free(os->kernel_config);
	*os = (struct kh_facts_os){0};
}

char kh_facts_os_option(const struct kh_facts_os *os, const char *name)
{
	return kh_kernel_config_option(os->kernel_config, name);
}

int kh_facts_release_number(const char *release)
{
	enum { MOST = 999 };
	struct kh_slice major, rest;
	if (!release ||
	    !kh_slice_split((struct kh_slice){release, strlen(release)}, '.', &major, &rest))
		return -1;
	long long first = kh_slice_number(major), second = kh_slice_number(rest);
	if (first < 0 || first > MOST || second < 0 || second > MOST)
		return -1;
	return (int)(first * 1000 + second);
}

json_t *kh_facts_os_json(const struct kh_facts_os *os)
{
	kh_auto(kh_free) char *config_path = kh_kernel_config_path(os->kernel_config);
	return json_pack("{so so so so so so so so sb sb sb so so}", "id", kh_json_text(os->id),
			 "id_like", kh_json_text(os->id_like), "version_id",
			 kh_json_text(os->version_id), "name", kh_json_text(os->name), "hostname",
			 kh_json_text(os->hostname), "kernel_release",
			 kh_json_text(os->kernel_release), "machine", kh_json_text(os->machine),
			 "boot_id", kh_json_text(os->boot_id), "has_systemd", os->has_systemd,
			 "is_booted", os->is_booted, "is_container", os->is_container,
			 "loaded_modules", kh_facts_json_list(&os->loaded_modules), "kernel_config",
			 kh_json_text(config_path));
}
