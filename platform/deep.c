/* deep.c - see deep.h. What the guest is: deep_guest.c; what is kept: deep_result.c. */
#include "platform/deep.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/probe.h"
#include "platform/deep_private.h"

static const char parent[] = "/var/lib/libvirt", prefix[] = "kvmhost-check-";
enum { VIRSH_S = 90, WAIT_S = 60, POLL_MS = 50 };

struct attempt {
	const struct kh_context *context;
	struct kh_runner *runner;
	const char *virsh, *emulator;
	char token[KH_DEEP_TOKEN_LENGTH + 1];
	char *name, *directory;
};

/* ---- may it be tried? ---- */

static char *find_virsh(const struct kh_context *context)
{
	const struct kh_config_libvirt *libvirt = &context->config->libvirt;
	kh_auto(kh_free) char *ours = kh_printf("%s/bin/virsh", libvirt->prefix);
	bool is_ours = strcmp(libvirt->version, "none") != 0;
	const char *path = is_ours ? ours : "/usr/bin/virsh";
	return kh_root_is_executable(context->root, path) ? kh_strdup(path) : NULL;
}

static char *find_emulator(const struct kh_context *context)
{
	const struct kh_config_qemu *qemu = &context->config->qemu;
	kh_auto(kh_free) char *ours = kh_printf("%s/bin/qemu-system-x86_64", qemu->prefix);
	const char *const chosen[] = {ours, NULL};
	static const char *const packaged[] = {"/usr/bin/qemu-system-x86_64",
					       "/usr/libexec/qemu-kvm", NULL};
	bool is_ours = strcmp(qemu->version, "none") != 0;
	const char *path = kh_root_find_program(context->root, is_ours ? chosen : packaged);
	return kh_strdup(path);
}

static char *obstacle(const struct kh_context *context, const char *virsh, const char *emulator)
{
	if (!context->root->is_live)
		return kh_strdup("another root: nothing runs there");
	if (!kh_probe_is_superuser())
		return kh_strdup("only root may start guests");
	if (!kh_root_exists(context->root, "/dev/kvm"))
		return kh_strdup("there is no /dev/kvm");
	if (!emulator)
		return kh_strdup("the chosen QEMU is not installed");
	return virsh ? NULL : kh_strdup("the virsh of the chosen libvirt is not installed");
}

/* ---- what is left behind ---- */

static int virsh(const struct attempt *attempt, const char *verb, const char *argument,
		 char **ret_output, struct kh_error *err)
{
	const char *const argv[] = {attempt->virsh, "-c", "qemu:///system", verb, argument, NULL};
	return kh_run(attempt->runner, argv, VIRSH_S, ret_output, err);
}

static void remove_directory(const struct kh_root *root, const char *directory)
{
	static const char *const names[] = {"guest.img", "serial.log", "domain.xml"};
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", directory, names[i]);
		kh_file_remove(root, path, &ignored);
	}
	kh_file_remove_dir(root, directory, &ignored);
}

/* Was it made by a check that no longer runs? */
static bool is_stale(const struct kh_root *root, const char *name)
{
	if (!kh_str_starts(name, prefix))
		return false;
	long long pid = kh_str_number(name + strlen(prefix));
	kh_auto(kh_free) char *comm = pid > 0 ? kh_root_linef(root, "/proc/%lld/comm", pid) : NULL;
	return pid > 0 && (pid == getpid() || !comm || strcmp(comm, "kvmhost") != 0);
}

static void clean(const struct attempt *attempt)
{
	const struct kh_root *root = attempt->context->root;
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_free) char *output = NULL;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_strv_done) struct kh_strv directories = {0};
	if (virsh(attempt, "list", "--name", &output, &ignored) == 0)
		kh_strv_split(&names, output, " \n");
	for (size_t i = 0; i < names.count; i++)
		if (is_stale(root, names.items[i]))
			virsh(attempt, "destroy", names.items[i], NULL, &ignored);
	kh_root_list(root, parent, &directories);
	for (size_t i = 0; i < directories.count; i++) {
		kh_auto(kh_free) char *path = kh_printf("%s/%s", parent, directories.items[i]);
		if (is_stale(root, directories.items[i]))
			remove_directory(root, path);
	}
}

/* ---- the attempt ---- */

static int make_token(char token[KH_DEEP_TOKEN_LENGTH + 1], struct kh_error *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[KH_DEEP_TOKEN_LENGTH];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return kh_fail(err, KH_SYSTEM, 0, "no random numbers");
	for (size_t i = 0; i < sizeof(bytes); i++)
		token[i] = digits[bytes[i] % 16];
	token[KH_DEEP_TOKEN_LENGTH] = '\0';
	return 0;
}

static int put(const struct attempt *attempt, const char *name, const void *content, size_t length,
	       struct kh_error *err)
{
	const struct kh_file_state meta = {.type = KH_FILE_REGULAR, .mode = 0644};
	kh_auto(kh_free) char *path = kh_printf("%s/%s", attempt->directory, name);
	return kh_file_put(attempt->context->root, path, content, length, &meta, err);
}

static int make_files(const struct attempt *attempt, struct kh_error *err)
{
	const struct kh_root *root = attempt->context->root;
	unsigned char image[KH_DEEP_IMAGE_BYTES];
	kh_auto(kh_free) char *xml =
		kh_deep_domain(attempt->name, attempt->emulator, attempt->directory);
	kh_deep_image(attempt->token, image);
	if (!kh_root_is_dir(root, parent) && kh_file_make_dir(root, parent, 0755, err) != 0)
		return -1;
	if (kh_file_make_dir(root, attempt->directory, 0711, err) != 0 ||
	    put(attempt, "guest.img", image, sizeof(image), err) != 0 ||
	    put(attempt, "serial.log", "", 0, err) != 0)
		return -1;
	return put(attempt, "domain.xml", xml, strlen(xml), err);
}

static int wait_for_token(const struct attempt *attempt, struct kh_error *err)
{
	kh_auto(kh_free) char *path = kh_printf("%s/serial.log", attempt->directory);
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	for (int n = 0; n < WAIT_S * 1000 / POLL_MS; n++) {
		kh_auto(kh_free) char *output = kh_root_text(attempt->context->root, path);
		kh_auto(kh_free) char *other = NULL;
		int said = kh_deep_parse(output ? output : "", attempt->token, &other);
		if (said == 1)
			return 0;
		if (said == -1)
			return kh_fail(err, KH_HOST, 0, "the guest ran, but under '%s' and not KVM",
				       other);
		nanosleep(&pause, NULL);
	}
	return kh_fail(err, KH_HOST, 0, "the guest started, but said nothing within %d s", WAIT_S);
}

static int boot(const struct attempt *attempt, struct kh_error *err)
{
	kh_auto(kh_free) char *xml = kh_printf("%s/domain.xml", attempt->directory);
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	if (make_files(attempt, err) != 0 || virsh(attempt, "create", xml, NULL, err) != 0)
		return -1;
	int result = wait_for_token(attempt, err);
	if (virsh(attempt, "destroy", attempt->name, NULL, &ignored) != 0 && result == 0)
		return kh_fail(err, KH_HOST, 0, "the guest booted, but: %s", ignored.message);
	return result;
}

int kh_deep_run(const struct kh_context *context, struct kh_runner *runner, char **ret_reason,
		struct kh_error *err)
{
	kh_auto(kh_free) char *client = find_virsh(context);
	kh_auto(kh_free) char *emulator = find_emulator(context);
	kh_auto(kh_free) char *name = kh_printf("%s%d", prefix, (int)getpid());
	kh_auto(kh_free) char *directory = kh_printf("%s/%s", parent, name);
	kh_auto(kh_error_done) struct kh_error why = KH_ERROR_INIT;
	struct attempt attempt = {.context = context,
				  .runner = runner,
				  .virsh = client,
				  .emulator = emulator,
				  .name = name,
				  .directory = directory};
	*ret_reason = obstacle(context, client, emulator);
	if (*ret_reason)
		return 1;
	clean(&attempt);
	bool is_good = make_token(attempt.token, &why) == 0 && boot(&attempt, &why) == 0;
	clean(&attempt);
	return kh_deep_keep(context, is_good, is_good ? "booted under KVM" : why.message, err);
}
