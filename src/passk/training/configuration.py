"""TRL's configuration of an arm: everything that moves a number stated, no default relied upon."""

import warnings
from pathlib import Path

import torch
from trl import GRPOConfig

from passk.training.settings import Training


def make_configuration(settings: Training, folder: Path, *, seed_value: int) -> GRPOConfig:
    """TRL's configuration, everything that moves a number stated.

    Args:
        settings: the arm's parameters.
        folder: where resume points are written.
        seed_value: seed of TRL's own generators; nothing here draws from them.
    """
    updates = settings.num_iterations * settings.minibatches
    parts = settings.minibatches * settings.gradient_accumulation * settings.processes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GRPOConfig(
            output_dir=str(folder),
            seed=seed_value,
            data_seed=seed_value,
            max_steps=settings.steps * updates,
            per_device_train_batch_size=settings.prompts * settings.rollouts // parts,
            gradient_accumulation_steps=settings.gradient_accumulation,
            steps_per_generation=parts // settings.processes,
            num_generations=settings.rollouts,
            max_completion_length=settings.max_new_tokens,
            temperature=settings.temperature,
            top_p=settings.top_p,
            top_k=0,
            min_p=None,
            repetition_penalty=1.0,
            # optimizer
            optim="adamw_torch_fused",  # its square roots are exact: see passk.models.arithmetic
            learning_rate=settings.learning_rate,
            lr_scheduler_type=settings.schedule,
            warmup_steps=settings.warmup_updates,
            weight_decay=settings.weight_decay,
            adam_beta1=settings.adam_beta1,
            adam_beta2=settings.adam_beta2,
            adam_epsilon=settings.adam_eps,
            max_grad_norm=settings.max_grad_norm,
            # loss
            loss_type=settings.loss_type,
            epsilon=settings.epsilon,
            epsilon_high=settings.epsilon_high,
            delta=None,
            importance_sampling_level=settings.importance_sampling,
            num_iterations=settings.num_iterations,
            beta=settings.beta,
            sync_ref_model=False,
            use_bias_correction_kl=False,
            entropy_coef=settings.entropy_coef,
            use_adaptive_entropy=False,
            top_entropy_quantile=1.0,
            off_policy_mask_threshold=None,
            mask_truncated_completions=settings.mask_truncated,
            scale_rewards="none",  # the advantage function scales
            multi_objective_aggregation="sum_then_normalize",
            use_vllm=False,
            vllm_importance_sampling_correction=False,
            router_aux_loss_coef=None,
            disable_dropout=settings.lora is None or settings.lora.dropout == 0,
            cast_lm_head_to_fp32=False,
            # precision and memory
            bf16=settings.precision == "bfloat16",
            use_cpu=not torch.cuda.is_available(),  # bf16 is refused without it
            fp16=False,
            tf32=None,
            gradient_checkpointing=settings.gradient_checkpointing,
            gradient_checkpointing_kwargs={"use_reentrant": False},
            # bookkeeping
            logging_strategy="steps",
            logging_steps=1,
            logging_nan_inf_filter=False,
            save_strategy="steps",
            save_steps=settings.resume_every * updates,
            save_total_limit=2,
            report_to="none",
            disable_tqdm=True,
            log_completions=False,
            shuffle_dataset=False,
            dataloader_num_workers=0,
            dataloader_pin_memory=False,
            remove_unused_columns=False,
        )
