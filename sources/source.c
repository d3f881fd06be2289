/* source.c - see source.h: what is configured, and whether the store has it. Making it is make.c.
 */
#include "sources/source.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/redact.h"
#include "sources/choice.h"
#include "sources/pin.h"
#include "sources/record.h"

void kh_source_done(struct kh_source *source)
{
	for (size_t i = 0; i < source->file_count; i++) {
		free(source->files[i].name);
		free(source->files[i].sha256);
		kh_strv_done(&source->files[i].urls);
	}
	free(source->files);
	free(source->program);
	free(source->wanted);
	free(source->version);
	free(source->package_version);
	free(source->provider);
	free(source->digest);
	free(source->signer);
	free(source->tree);
	*source = (struct kh_source){0};
}

const char *kh_source_wanted(const struct kh_config *config, const char *program)
{
	if (strcmp(program, "kernel") == 0)
		return config->kernel.version;
	return strcmp(program, "qemu") == 0 ? config->qemu.version : config->libvirt.version;
}

const char *kh_source_wanted_sha256(const struct kh_config *config, const char *program)
{
	if (strcmp(program, "kernel") == 0)
		return config->kernel.sha256;
	return strcmp(program, "qemu") == 0 ? config->qemu.sha256 : config->libvirt.sha256;
}

/* ---- is this what is asked for? ---- */

bool kh_choice_is_wanted(const struct kh_config *config, const struct kh_source *source)
{
	const char *wanted = kh_source_wanted(config, source->program);
	if (strcmp(wanted, "none") == 0)
		return false;
	if (strcmp(source->wanted, wanted) == 0)
		return true;
	return strcmp(wanted, "distro") != 0 &&
	       (strcmp(source->version, wanted) == 0 ||
		(source->package_version && strcmp(source->package_version, wanted) == 0));
}

bool kh_choice_is_provider(const struct kh_config *config, const char *provider)
{
	const char *wanted = config->sources.provider;
	if (strcmp(wanted, "auto") != 0) {
		kh_auto(kh_free) char *recorded = kh_redact(wanted);
		return strcmp(recorded, provider) == 0 || strcmp(wanted, provider) == 0;
	}
	return strcmp(provider, "upstream") == 0 || strcmp(provider, "distro") == 0;
}

bool kh_choice_is_place(const struct kh_config *config)
{
	const char *wanted = config->sources.provider;
	return strcmp(wanted, "auto") != 0 && strcmp(wanted, "upstream") != 0 &&
	       strcmp(wanted, "distro") != 0;
}

const struct kh_pin *kh_choice_pin(const struct kh_config *config, const struct kh_pins *pins,
				   const char *program)
{
	const struct kh_pin *pin = kh_pin_find(pins, program);
	if (!pin || !kh_choice_is_wanted(config, &pin->source))
		return NULL;
	return kh_choice_is_place(config) || kh_choice_is_provider(config, pin->source.provider)
		       ? pin
		       : NULL;
}

int kh_choice_check_digest(const struct kh_config *config, const struct kh_source *source,
			   const char *where, struct kh_error *err)
{
	const char *wanted = kh_source_wanted_sha256(config, source->program);
	const struct kh_source_file *archive = kh_record_file(source, KH_SOURCE_ARCHIVE);
	if (!wanted || strcmp(wanted, archive->sha256) == 0)
		return 0;
	kh_fail(err, KH_CONFIG, 0, "'%s.sha256' is %s, but %s has %s for '%s'", source->program,
		wanted, where, archive->sha256, archive->name);
	return kh_hint(err, "the distribution repacks some archives: leave 'sha256' out there; "
			    "otherwise find out which of the two is right");
}

static bool is_digest_wanted(const struct kh_config *config, const struct kh_source *source)
{
	const char *wanted = kh_source_wanted_sha256(config, source->program);
	const struct kh_source_file *archive = kh_record_file(source, KH_SOURCE_ARCHIVE);
	return !wanted || (archive->sha256 && strcmp(wanted, archive->sha256) == 0);
}

int kh_source_find(const struct kh_context *context, const char *program,
		   struct kh_source *ret_source, struct kh_error *err)
{
	const struct kh_config *config = context->config;
	if (strcmp(kh_source_wanted(config, program), "none") == 0)
		return 1;
	kh_auto(kh_pin_done) struct kh_pins pins = {0};
	kh_auto(kh_free) char *path = kh_pin_path(context->root, config);
	kh_auto(kh_source_done) struct kh_source source = {0};
	if (kh_pin_read(path, &pins, err) != 0)
		return -1;
	if (kh_record_read(context->root, config->build.store, program, &source) != 0)
		return 1;
	const struct kh_pin *pin = kh_choice_pin(config, &pins, program);
	bool is_wanted = kh_choice_is_wanted(config, &source) &&
			 kh_choice_is_provider(config, source.provider) &&
			 is_digest_wanted(config, &source) && (!pin || kh_pin_is(pin, &source)) &&
			 (!config->sources.keyring || kh_record_is_makers(source.signer)) &&
			 kh_root_is_dir(context->root, source.tree);
	if (!is_wanted)
		return 1;
	*ret_source = source;
	source = (struct kh_source){0};
	return 0;
}
