"""All surfaces of the simulator: the one list; the first that fits a request answers it."""

from pointsman.simulator.anthropic_surface import ANTHROPIC_SURFACES
from pointsman.simulator.bedrock_surface import BEDROCK_SURFACES
from pointsman.simulator.cohere_surface import COHERE_SURFACES
from pointsman.simulator.gemini_surface import GEMINI_SURFACES
from pointsman.simulator.openai_retrieval import OPENAI_RETRIEVAL_SURFACES
from pointsman.simulator.openai_surface import OPENAI_SURFACES
from pointsman.simulator.responses_surface import RESPONSES_SURFACES
from pointsman.simulator.surface import Surface

SURFACES: tuple[Surface, ...] = (
    *ANTHROPIC_SURFACES,
    *OPENAI_SURFACES,
    *RESPONSES_SURFACES,
    *BEDROCK_SURFACES,
    *COHERE_SURFACES,
    *GEMINI_SURFACES,
    *OPENAI_RETRIEVAL_SURFACES,
)
