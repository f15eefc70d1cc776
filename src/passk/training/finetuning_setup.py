"""TRL's configuration of fine-tuning: everything that moves a number stated, none defaulted."""

import warnings
from pathlib import Path

from torch import nn
from trl import SFTConfig

from passk.training.finetuning_settings import FineTuning


def disable_dropout(model: nn.Module) -> None:
    """Switch dropout off, in layers and in attention; the configuration stays as it is."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(getattr(module, "attention_dropout", None), float):
            module.attention_dropout = 0.0  # type: ignore[assignment]  # a number, in attention


def make_configuration(settings: FineTuning, folder: Path, *, seed_value: int) -> SFTConfig:
    """TRL's configuration, everything that moves a number stated.

    Args:
        settings: the arm's parameters.
        folder: where resume points are written.
        seed_value: seed of TRL's own generators; nothing here draws from them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return SFTConfig(
            output_dir=str(folder),
            seed=seed_value,
            data_seed=seed_value,
            max_steps=settings.steps,
            per_device_train_batch_size=settings.batch // settings.gradient_accumulation,
            gradient_accumulation_steps=settings.gradient_accumulation,
            # data: ready, so that none of this is done
            dataset_kwargs={"skip_prepare_dataset": True},
            max_length=None,
            packing=False,
            padding_free=False,
            pad_to_multiple_of=None,
            completion_only_loss=True,
            assistant_only_loss=False,
            shuffle_dataset=False,
            # optimizer
            optim="adamw_torch_fused",  # its square roots are exact: see passk.models.arithmetic
            learning_rate=settings.learning_rate,
            lr_scheduler_type=settings.schedule,
            warmup_steps=settings.warmup_steps,
            weight_decay=settings.weight_decay,
            adam_beta1=settings.adam_beta1,
            adam_beta2=settings.adam_beta2,
            adam_epsilon=settings.adam_eps,
            max_grad_norm=settings.max_grad_norm,
            # loss
            loss_type="nll",
            label_smoothing_factor=0.0,
            average_tokens_across_devices=True,
            neftune_noise_alpha=None,
            # precision and memory
            bf16=settings.precision == "bfloat16",
            fp16=False,
            tf32=None,
            gradient_checkpointing=settings.gradient_checkpointing,
            activation_offloading=False,
            # bookkeeping
            logging_strategy="steps",
            logging_steps=1,
            logging_nan_inf_filter=False,
            save_strategy="steps",
            save_steps=settings.resume_every,
            save_total_limit=2,
            report_to="none",
            disable_tqdm=True,
            dataloader_num_workers=0,
            dataloader_pin_memory=False,
            remove_unused_columns=False,
        )
