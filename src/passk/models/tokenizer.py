"""A small byte-level BPE, saved as the architecture's own tokenizer class.

transformers' `AutoTokenizer` picks the class that belongs to an architecture and rebuilds it from
the vocabulary; a tokenizer of another class beside the weights would silently be read as
different token ids. So the vocabulary is trained with the very pre-tokenizer of that class.

A tokenizer for chats has Qwen2's special tokens and a ChatML template besides. It is another
tokenizer: one without knows nothing of it, and keeps its bytes.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from tokenizers import Tokenizer, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers.models.qwen2.tokenization_qwen2 import Qwen2Tokenizer
from transformers.tokenization_utils_tokenizers import TokenizersBackend

END = "<|endoftext|>"  # ends a response, and pads; there is no token that begins a text
TURN, TURN_END = "<|im_start|>", "<|im_end|>"  # of a chat; its responses end with TURN_END
# Around an image, and where it stands; each becomes as many IMAGEs as the image has tokens.
VISION, VISION_END, IMAGE = "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"
VIDEO = "<|video_pad|>"  # of a film; never used here, but whoever serves a Qwen2.5-VL looks for it
# ChatML as Qwen2 has it, but without the system message that Qwen2 puts in where there is none.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
# The same for messages that may hold images, as Qwen2.5-VL has it.
VISION_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "{{ '<|vision_start|><|image_pad|><|vision_end|>' }}{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}{{ '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_CHAT = [END, TURN, TURN_END]
_IMAGES = [VISION, VISION_END, IMAGE, VIDEO]
_MARKUP = re.compile("|".join(map(re.escape, [*_CHAT, *_IMAGES])))


def _train(texts: Iterable[str], vocabulary: int, special: list[str]) -> Tokenizer:
    """A trained byte-level BPE with Qwen2's pre-tokenizer, which keeps digits apart."""
    backend = Tokenizer(BPE())
    template = Qwen2Tokenizer().backend_tokenizer
    backend.normalizer = template.normalizer
    backend.pre_tokenizer = template.pre_tokenizer
    backend.decoder = template.decoder
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return backend


def train_tokenizer(
    family: str, texts: Iterable[str], vocabulary: int, context: int, *, chat: bool = False
) -> TokenizersBackend:
    """Train a tokenizer of an architecture family on texts.

    Args:
        family: `qwen2`, `qwen2_5_vl` (class Qwen2Tokenizer; the latter's chats hold images) or
            `llama` (as Llama 3 publishes its own: a plain fast tokenizer, which AutoTokenizer
            reads from `tokenizer.json` as it is).
        texts: what to learn merges from.
        vocabulary: number of tokens at most, at least 257: all bytes and the end-of-text token.
        context: the model's longest sequence.
        chat: whether it has a chat template and the special tokens of one.

    Raises:
        ValueError: the family is unknown, or the vocabulary cannot hold all bytes, or a tokenizer
            for images is to have no chat.
    """
    images = family == "qwen2_5_vl"
    if images and not chat:
        raise ValueError("family qwen2_5_vl: images stand in chats; set tokenizer.chat: true")
    special = [*_CHAT, *(_IMAGES if images else [])] if chat else [END]
    if vocabulary < (least := 256 + len(special)):
        raise ValueError(
            f"vocabulary {vocabulary}: at least {least} (all bytes and {', '.join(special)})"
        )
    options: dict[str, Any] = {
        "eos_token": END,
        "pad_token": END,
        "model_max_length": context,
        "clean_up_tokenization_spaces": False,
    }
    if chat:
        texts = (piece for text in texts for piece in _MARKUP.split(text))
        options |= {
            "eos_token": TURN_END,
            "additional_special_tokens": [TURN, *(_IMAGES if images else [])],
            "chat_template": VISION_TEMPLATE if images else CHAT_TEMPLATE,
        }
    backend = _train(texts, vocabulary, special)
    if family in ("qwen2", "qwen2_5_vl"):
        model = json.loads(backend.to_str())["model"]
        merges: Any = [tuple(pair) for pair in model["merges"]]  # as tokenizers wants them
        return Qwen2Tokenizer(vocab=model["vocab"], merges=merges, unk_token=END, **options)
    if family == "llama":
        return TokenizersBackend(tokenizer_object=backend, **options)
    raise ValueError(f"family {family!r}: legal are qwen2, llama, qwen2_5_vl")


def make_chat_renderer(family: str = "qwen2") -> TokenizersBackend:
    """A tokenizer that only renders chats, for texts that a tokenizer is yet to be trained on."""
    template = VISION_TEMPLATE if family == "qwen2_5_vl" else CHAT_TEMPLATE
    return Qwen2Tokenizer(chat_template=template)
