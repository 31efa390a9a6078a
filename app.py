"""Home: the shop at a glance, what each page answers, and the model in use."""

import streamlit as st

from pages._shared import charts, glance, words
from pages._shared.frame import link_to_list, open_page

frame = open_page("Home")
model = frame.model
info, summary, tone = model.info, model.summary, charts.theme()

st.title("The shop at a glance", anchor=False)
st.html(
    '<p class="sw-lede">Shelfwise read everything these shoppers did and wrote, '
    f"up to {words.day(info.known_until)}, and can say for every product on every list what put it there.</p>"
)
if frame.is_demo:
    st.html(
        '<p class="sw-hint">This is a demo: the shop, its products, shoppers and reviews are made up. '
        "README.md says how to open your own shop.</p>"
    )
st.html(glance.tiles_html(info))

with st.container(key="answers"):
    ask, go = st.columns([2.2, 1], vertical_alignment="center")
    with ask:
        st.subheader("What would this shopper be shown now?", anchor=False)
        st.html(
            '<p class="sw-note">Pick a shopper, or describe a new one in words. Move weights, the moment, variety and '
            "filters, and see at once what rises, what falls, and whose words speak for it.</p>"
        )
    with go, st.container(key="go"):
        link_to_list("Recommendations", icon=":material/arrow_forward:")

beside, about = st.columns([1.7, 1], gap="small")
with beside, st.container(key="chart_activity", height="stretch"):
    charts.show(charts.activity(summary.activity, tone), "Events and reviews by month", key="activity")
with about, st.container(key="chart_ratings", height="stretch"):
    charts.show(charts.ratings(summary.rating_counts, tone), "Number of reviews by stars", key="ratings")
beside, about = st.columns([1.7, 1], gap="small")
with beside, st.container(key="chart_categories", height="stretch"):
    charts.show(
        charts.categories(summary.top_categories, tone), "Categories that shoppers chose most", key="categories"
    )
with about, st.container(key="chart_coverage", height="stretch"):
    st.html(glance.coverage_html(summary) + glance.shoppers_html(model.users))
with st.container(key="chart_score"):
    st.html(glance.score_html(info))
with st.container(key="model_facts"):
    st.html(glance.model_html(info, model.model_id, frame.shop_name))
